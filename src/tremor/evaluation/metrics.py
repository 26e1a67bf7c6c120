"""Classification metrics on stacks of confusion matrices, so that thousands of draws cost one pass.

A confusion matrix is `(…, true class, predicted class)`; leading axes are draws or permutations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Index = NDArray[np.int64]
CHUNK = 4_000_000


def confusion(labels: Index, predicted: Index, rows: Index, classes: int, groups: int) -> Floats:
    """Counts `(group, true class, predicted class)`; `rows` is each record's group."""
    counts = np.zeros((groups, classes, classes))
    np.add.at(counts, (rows, labels, predicted), 1)
    return counts


def from_confusion(matrix: Floats) -> dict[str, Floats]:
    """Accuracy, balanced accuracy, macro F1 and MCC of matrices `(…, true, predicted)`: `(…)` each.

    Balanced accuracy averages over the classes that occur, macro F1 over those that occur or are
    predicted, as scikit-learn has it. Not a number where undefined.
    """
    total = matrix.sum((-2, -1))
    true, said = matrix.sum(-1), matrix.sum(-2)
    right = np.diagonal(matrix, axis1=-2, axis2=-1)
    each = by_class(matrix)
    f1 = np.where(true + said > 0, np.nan_to_num(each["f1"]), np.nan)
    return {
        "accuracy": _ratio(right.sum(-1), total),
        "balanced_accuracy": mean_known(np.where(true > 0, each["recall"], np.nan)),
        "macro_f1": mean_known(f1),
        "mcc": _mcc(right.sum(-1), total, true, said),
    }


def by_class(matrix: Floats) -> dict[str, Floats]:
    """Precision, recall and F1 of each class, `(…, class)`; not a number where undefined."""
    right = np.diagonal(matrix, axis1=-2, axis2=-1)
    true, said = matrix.sum(-1), matrix.sum(-2)
    return {
        "precision": _ratio(right, said),
        "recall": _ratio(right, true),
        "f1": _ratio(2 * right, true + said),
    }


def _mcc(right: Floats, total: Floats, true: Floats, said: Floats) -> Floats:
    """Matthews' correlation for any number of classes; 0 when one side is constant."""
    above = right * total - (true * said).sum(-1)
    below = np.sqrt(_spread(total, true) * _spread(total, said))
    return np.asarray(np.where(below > 0, above / np.where(below > 0, below, 1), 0.0))


def _spread(total: Floats, counts: Floats) -> Floats:
    """How far counts are from a single class: exactly 0 there, whatever weights are rounded to."""
    left = total**2 - (counts**2).sum(-1)
    return np.asarray(np.where(left > 1e-12 * total**2, left, 0.0))


def _ratio(above: Floats, below: Floats) -> Floats:
    share: Floats = np.full(np.shape(above), np.nan)
    return np.divide(above, below, out=share, where=below > 0)


def mean_known(values: Floats) -> Floats:
    """Mean over the last axis of what is defined."""
    known = np.isfinite(values)
    return _ratio(np.where(known, values, 0).sum(-1), known.sum(-1).astype(float))


def auroc(labels: Index, chances: Floats, weights: Floats) -> Floats:
    """Area under the ROC curve for each row of record weights `(draw, record)`.

    Two classes: of the second one; more: the mean of each against the rest, over the classes that
    a draw has on both sides. Ties count half.
    """
    columns = [1] if chances.shape[1] == 2 else range(chances.shape[1])
    return mean_known(np.stack([_area(labels == k, chances[:, k], weights) for k in columns], -1))


def _area(positive: NDArray[np.bool_], score: Floats, weights: Floats) -> Floats:
    """Weighted share of (positive, negative) pairs in the right order, for each draw."""
    up, down = (np.flatnonzero(side) for side in (positive, ~positive))
    up, down = (side[np.argsort(score[side], kind="stable")] for side in (up, down))
    low, high = (np.searchsorted(score[down], score[up], end) for end in ("left", "right"))
    step = max(1, CHUNK // max(len(score), 1))
    areas = []
    for first in range(0, len(weights), step):
        part = weights[first : first + step]
        ours, below = part[:, up], np.zeros((len(part), len(down) + 1))
        np.cumsum(part[:, down], axis=1, out=below[:, 1:])
        pairs = np.einsum("ij,ij->i", ours, below[:, low] + below[:, high])
        areas.append(_ratio(pairs / 2, ours.sum(1) * below[:, -1]))
    return np.concatenate(areas)
