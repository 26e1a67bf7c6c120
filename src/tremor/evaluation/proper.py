"""Scores that are best for probabilities that are true: log loss, and the Brier score in parts."""

from __future__ import annotations

import numpy as np

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.measured import means
from tremor.evaluation.metrics import Floats, Index
from tremor.evaluation.scoring import Plain, Scorer

TINY = 1e-16
"""The least probability that counts: one of nought that comes true would cost without end."""
BINS, RECORDS_A_BIN = 15, 20


def equal_bins(values: Floats, most: int = BINS) -> Index:
    """The bin of each value `(record,)`, of equal counts, fewer for few; ties stay together."""
    wanted = min(most, max(1, len(values) // RECORDS_A_BIN))
    edges = np.quantile(values, np.arange(1, wanted) / wanted)
    place = np.searchsorted(np.unique(edges), values, side="right")
    return np.asarray(np.unique(place, return_inverse=True)[1], np.int64)


def log_loss(judged: Judged) -> Floats:
    """What each record's probability of its true class costs, `(record,)` in nats."""
    said = judged.chances[np.arange(len(judged.labels)), judged.labels]
    return np.asarray(-np.log(np.clip(said, TINY, None)))


def brier(judged: Judged) -> Floats:
    """Squared error `(record,)` of probabilities; of two classes, that of one of them."""
    truth = np.eye(judged.classes)[judged.labels]
    return np.asarray(((judged.chances - truth) ** 2).sum(1) / _sides(judged))


def proper(scorer: Scorer) -> Plain:
    """Both with intervals; chance: the classes' shares as probabilities."""
    judged = scorer.judged
    shares = np.bincount(judged.labels) / len(judged.labels)
    entropy = -float((shares[shares > 0] * np.log(shares[shares > 0])).sum())
    unequal = (1 - float((shares**2).sum())) / _sides(judged)
    return {
        "nll": scorer.value(*means(scorer, log_loss(judged))) | {"chance": entropy},
        "brier": scorer.value(*means(scorer, brier(judged)))
        | {"chance": unequal}
        | decomposed(judged),
    }


def decomposed(judged: Judged) -> dict[str, float]:
    """The Brier score as `reliability` - `resolution` + `uncertainty` + `within`, exactly.

    Murphy's parts over bins of equal counts of each class's probability, summed over classes:
    how far bins are off, how far they differ from the classes' shares, and how uncertain these
    are. `within` is what probabilities that differ inside a bin add: nothing where none do.
    """
    parts = np.zeros(3)
    for label in range(judged.classes):
        said, true = judged.chances[:, label], (judged.labels == label).astype(float)
        place = equal_bins(said)
        count = np.bincount(place)
        mean, share = (np.bincount(place, values) / count for values in (said, true))
        base = true.mean()
        squares = ((mean - share) ** 2, (share - base) ** 2)
        parts += [*((count * each).sum() / len(true) for each in squares), base * (1 - base)]
    reliability, resolution, uncertainty = (parts / _sides(judged)).tolist()
    within = float(brier(judged).mean()) - (reliability - resolution + uncertainty)
    return {
        "reliability": reliability,
        "resolution": resolution,
        "uncertainty": uncertainty,
        "within": within,
    }


def _sides(judged: Judged) -> int:
    """Two classes err alike: only one of them is counted."""
    return 2 if judged.classes == 2 else 1
