"""From which probability on a class is said to be there: chosen where F1 is best."""

from __future__ import annotations

import torch
from torch import Tensor

UNKNOWN = 0.5
"""The threshold where no record has the class."""


def best_thresholds(p: Tensor, y: Tensor) -> Tensor:
    """Thresholds `(class,)` of probabilities `(record, class)`; labels are 1, 0, -1 (unknown)."""
    each = [best_threshold(p[y[:, k] >= 0, k], y[y[:, k] >= 0, k]) for k in range(y.shape[1])]
    return torch.tensor(each, dtype=torch.float64)


def best_threshold(p: Tensor, y: Tensor) -> float:
    """The threshold of the highest F1 of `p >= threshold`, for labels `(record,)` of 0 and 1.

    It lies halfway between two probabilities that occur (or between the lowest and 0). Where
    several are as good, the middle one of them is taken.
    """
    if not bool((y == 1).any()) or not bool(p.isfinite().all()):
        return UNKNOWN
    levels, place = p.double().unique(return_inverse=True)  # rising
    counts = torch.bincount(place, minlength=len(levels))
    hits = torch.bincount(place, weights=y.double(), minlength=len(levels))
    said, right = (of.flip(0).cumsum(0).flip(0) for of in (counts, hits))  # from each level on
    f1 = 2 * right / (said + right[0])
    best = (f1 == f1.max()).nonzero()[:, 0]
    cut = int(best[len(best) // 2])
    high = float(levels[cut])
    low = float(levels[cut - 1]) if cut else 0.0
    middle = (low + high) / 2
    return middle if middle > low else high
