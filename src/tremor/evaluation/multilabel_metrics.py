"""Scores of yes-or-no questions under many weights or labellings at once.

Areas under curves equal scikit-learn's, ties and weights included.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tremor.evaluation.metrics import Floats, Index

Mask = NDArray[np.bool_]
AT_ONCE = 200_000
"""Weights that are looked at together, so that they fit a cache."""
MOST_POINTS = 100
"""Points of a curve that is drawn."""


def areas(positive: Mask, score: Floats, counts: Floats, rows: Index) -> tuple[Floats, Floats]:
    """AUROC and average precision for each row of group weights `(draw, group)`.

    `positive`, `score` and `rows`, the group of each, are of records `(record,)`. Not a number
    where a draw has records of one side alone.
    """
    order, starts = _falling(score)
    step = max(1, AT_ONCE // max(len(score), 1))
    found = []
    for first in range(0, len(counts), step):
        weights = counts[first : first + step][:, rows[order]]
        found.append(_areas(weights * positive[order], weights * ~positive[order], starts))
    auroc, precision = np.concatenate(found, axis=1)
    return auroc, precision


def labelled_areas(labels: Index, score: Floats) -> tuple[Floats, Floats]:
    """The same of fixed scores for many labellings `(labelling, record)`; -1 is not counted."""
    order, starts = _falling(score)
    step = max(1, AT_ONCE // max(len(score), 1))
    found = []
    for first in range(0, len(labels), step):
        part = labels[first : first + step][:, order]
        found.append(_areas((part == 1).astype(float), (part == 0).astype(float), starts))
    auroc, precision = np.concatenate(found, axis=1)
    return auroc, precision


def _falling(score: Floats) -> tuple[Index, Index]:
    """Records in order of falling score, and where each score begins."""
    order = np.argsort(-score, kind="stable")
    starts = np.flatnonzero(np.concatenate([[True], np.diff(score[order]) < 0]))
    return order, starts.astype(np.int64)


def _areas(up: Floats, down: Floats, starts: Index) -> Floats:
    """Both areas, `(2, draw)`, of weights of positives and negatives in order of falling score."""
    if len(starts) < up.shape[1]:
        up, down = (np.add.reduceat(side, starts, axis=1) for side in (up, down))
    right, wrong = np.cumsum(up, axis=1), np.cumsum(down, axis=1)
    called = right + wrong
    precision = np.divide(right, called, out=np.zeros_like(called), where=called > 0)
    above = np.einsum("ij,ij->i", up, wrong - down / 2)
    pairs = right[:, -1] * wrong[:, -1]
    unknown = np.full(len(up), np.nan)
    area = 1 - np.divide(above, pairs, out=unknown.copy(), where=pairs > 0)
    mean = np.einsum("ij,ij->i", up, precision)
    known = pairs > 0
    return np.stack([area, np.divide(mean, right[:, -1], out=unknown, where=known)])


def curve(positive: Mask, score: Floats) -> dict[str, list[float]]:
    """ROC and precision-recall curve of scores `(record,)`: points at thresholds that fall.

    Keys: `threshold`, `false_alarms` (share of negatives called), `recall`, `precision`. Few of the
    points are kept where there are many; both ends are.
    """
    order, starts = _falling(score)
    ends = np.append(starts[1:], len(score)) - 1
    right, called = np.cumsum(positive[order])[ends], ends + 1
    kept = np.unique(np.linspace(0, len(ends) - 1, min(MOST_POINTS, len(ends))).round().astype(int))
    every = int(positive.sum())
    found = {
        "threshold": score[order][ends],
        "false_alarms": (called - right) / max(len(score) - every, 1),
        "recall": right / max(every, 1),
        "precision": right / called,
    }
    return {name: values[kept].tolist() for name, values in found.items()}
