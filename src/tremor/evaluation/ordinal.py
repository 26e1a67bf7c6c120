"""How far off a wrong answer is, where the classes follow in time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tremor.evaluation import chance
from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.metrics import Floats, mean_known
from tremor.evaluation.scoring import Plain, Scorer, plain

SCORES = ("distance", "within_one", "kappa")
SMALLER_IS_BETTER = {"distance"}
DAY = 86400.0


def ordinal(scorer: Scorer, permutations: int) -> Plain:
    """Distance in classes, share within one class, weighted kappa; chance: permuted labels."""
    whole, drawn = (scores(matrix) for matrix in scorer.matrices())
    guessed = scores(permuted(scorer.judged, permutations, scorer.seed))
    found = {}
    for name in whole:
        value = float(whole[name])
        sign = -1 if name in SMALLER_IS_BETTER else 1
        p = chance.p_value(sign * value, sign * guessed[name]) if np.isfinite(value) else None
        reference = {"chance": float(mean_known(guessed[name])), "p": p}
        found[name] = scorer.value(value, drawn[name]) | reference
    return found


def scores(matrix: Floats) -> dict[str, Floats]:
    """Of confusion matrices `(…, class, class)`: each score `(…)`, not a number where undefined.

    `distance` is the mean of classes between true and predicted, `within_one` the share at most one
    class off, `kappa` Cohen's with quadratic weights.
    """
    place = np.arange(matrix.shape[-1])
    apart = np.abs(place[:, None] - place)
    total = matrix.sum((-2, -1))
    expected = matrix.sum(-1)[..., :, None] * matrix.sum(-2)[..., None, :]
    missed, guessed = ((m * apart**2).sum((-2, -1)) for m in (matrix, expected))
    with np.errstate(invalid="ignore", divide="ignore"):
        return {
            "distance": np.asarray((matrix * apart).sum((-2, -1)) / total),
            "within_one": np.asarray((matrix * (apart <= 1)).sum((-2, -1)) / total),
            "kappa": np.asarray(1 - missed * total / np.where(guessed > 0, guessed, np.nan)),
        }


def permuted(judged: Judged, permutations: int, seed: int) -> Floats:
    """Confusion matrices under permuted labels, `(permutation, class, class)`."""
    k = judged.classes
    cells = chance.permuted_labels(judged, permutations, seed) * k + judged.predicted
    counts = np.stack([np.bincount(row, minlength=k * k) for row in cells])
    return counts.reshape(-1, k, k).astype(float)


def times(judged: Judged, rows: pd.DataFrame, train: pd.DataFrame, classes: Sequence[str]) -> Plain:
    """True time of each record and its predicted class, and when the classes were in training.

    `rows` are the judged records in the order of the predictions; times are in days from the main
    shock, negative before it.
    """
    days = rows["ttf_seconds"].to_numpy(np.float64) / DAY
    known = np.isfinite(days)
    by_class = train["ttf_seconds"].groupby(train["label"])
    spans = (
        (by_class.quantile(np.array([0, 0.5, 1])).unstack() / DAY)
        .reindex(range(len(classes)))
        .round(4)
    )
    named = dict(zip(classes, spans.to_numpy(np.float64), strict=True))
    return {
        "true_days": days[known].round(4).tolist(),
        "predicted_class": judged.predicted[known].tolist(),
        "class_days": {name: plain(span[1]) for name, span in named.items()},
        "class_limits": {name: [plain(span[0]), plain(span[2])] for name, span in named.items()},
    }
