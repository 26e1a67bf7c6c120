"""What guessing reaches: analytic levels, and labels permuted between groups."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from tremor.evaluation import metrics
from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.metrics import Floats, Index


def permuted_labels(judged: Judged, permutations: int, seed: int) -> Index:
    """Labels of records with groups exchanged, `(permutation, record)`.

    Where every group has one label, the groups' labels are permuted. Where labels differ within
    groups, the groups' label sequences are strung together in random order and laid over the
    records, so that neighbouring labels stay neighbours.
    """
    rng = np.random.default_rng((seed, 1))
    order = np.argsort(judged.rows, kind="stable")
    ends = np.cumsum(np.bincount(judged.rows))[:-1]
    runs = np.split(judged.labels[order], ends)
    if all((run == run[0]).all() for run in runs):
        each = np.array([run[0] for run in runs])
        return np.stack([rng.permutation(each)[judged.rows] for _ in range(permutations)])
    made = np.empty((permutations, len(order)), np.int64)
    for row in made:
        row[order] = np.concatenate([runs[g] for g in rng.permutation(len(runs))])
    return made


def null(judged: Judged, permutations: int, seed: int) -> dict[str, Floats]:
    """Each metric under permuted labels, `(permutation,)`."""
    labels = permuted_labels(judged, permutations, seed)
    found = metrics.from_confusion(matrices(labels, judged))
    return found | {"auroc": _areas(labels, judged.chances)}


def matrices(labels: Index, judged: Judged) -> Floats:
    """Confusion matrices of the predictions under other labels, `(permutation, class, class)`."""
    k = judged.classes
    counts = [np.bincount(row, minlength=k * k) for row in labels * k + judged.predicted]
    return np.stack(counts).reshape(-1, k, k).astype(float)


def _areas(labels: Index, chances: Floats) -> Floats:
    """AUROC of fixed scores for many labellings, from ranks: `(permutation,)`."""
    k = chances.shape[1]
    columns = [1] if k == 2 else list(range(k))
    areas = []
    for column in columns:
        positive = labels == column
        up = positive.sum(1)
        down = positive.shape[1] - up
        ranks = positive @ rankdata(chances[:, column])
        pairs = (up * down).astype(float)
        above = ranks - up * (up + 1) / 2
        areas.append(np.divide(above, pairs, out=np.full(len(up), np.nan), where=pairs > 0))
    return metrics.mean_known(np.stack(areas, -1))


def p_value(observed: float, drawn: Floats) -> float:
    """Share of `drawn (permutation,)` that do at least as well, the observed one counted in."""
    known = drawn[np.isfinite(drawn)]
    return float((1 + (known >= observed - 1e-12).sum()) / (1 + len(known)))


def levels(judged: Judged, drawn: dict[str, Floats]) -> dict[str, float]:
    """Chance level of each metric.

    Accuracy: always the most frequent class; balanced accuracy: 1 / classes that occur; MCC 0;
    AUROC 0.5; macro F1 has no simple answer, so it is the mean of its permutation null.
    """
    counts = np.bincount(judged.labels, minlength=judged.classes)
    return {
        "accuracy": float(counts.max() / counts.sum()),
        "balanced_accuracy": float(1 / (counts > 0).sum()),
        "macro_f1": float(metrics.mean_known(drawn["macro_f1"])),
        "mcc": 0.0,
        "auroc": 0.5,
    }
