"""Intervals from draws of whole groups: records of one event are not independent."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from tremor.evaluation import metrics
from tremor.evaluation.metrics import Floats, Index

FEWEST = 10
AVERAGED = frozenset({"balanced_accuracy", "macro_f1", "mcc", "auroc"})
"""Scores in which a small class counts as much as a large one."""
ROUNDING = 1e-13
"""By so little a draw of broken weights can miss the value that it is."""


@dataclass(frozen=True)
class Judged:
    """Predictions as arrays: labels, predicted classes, probabilities, and each record's group."""

    labels: Index
    predicted: Index
    chances: Floats
    rows: Index
    names: NDArray[np.object_]

    @classmethod
    def of(cls, predictions: pd.DataFrame, classes: tuple[str, ...]) -> Judged:
        rows, names = pd.factorize(predictions["group"].astype(str), sort=True)
        chances = predictions[[f"p_{name}" for name in classes]].to_numpy(np.float64)
        labels, predicted = (predictions[c].to_numpy(np.int64) for c in ("label", "predicted"))
        return cls(labels, predicted, chances, rows.astype(np.int64), np.asarray(names, object))

    @property
    def groups(self) -> int:
        return len(self.names)

    @property
    def classes(self) -> int:
        return int(self.chances.shape[1])

    def group_confusion(self) -> Floats:
        """`(group, true class, predicted class)`, counted once; not to be written to."""
        return self._confusion

    @cached_property
    def _confusion(self) -> Floats:
        sizes = (self.classes, self.groups)
        found = metrics.confusion(self.labels, self.predicted, self.rows, *sizes)
        found.flags.writeable = False
        return found

    def group_labels(self) -> Index:
        """The most frequent class of each group, `(group,)`."""
        return np.asarray(self.group_confusion().sum(-1).argmax(-1), np.int64)

    def class_groups(self) -> Index:
        """How many groups have a record of each class, `(class,)`."""
        return np.asarray((self.group_confusion().sum(-1) > 0).sum(0), np.int64)


class Evidence(NamedTuple):
    """How many groups speak for a score, and the degrees of freedom of its spread."""

    groups: float
    free: float

    @classmethod
    def pooled(cls, groups: int, strata: int = 1) -> Evidence:
        """Of a score in which all groups count alike, drawn within so many classes."""
        return cls(groups, max(groups - strata, 1))

    @classmethod
    def averaged(cls, sizes: Index) -> Evidence | None:
        """Of a mean over classes of `sizes` groups; `None` where an occurring one has but one.

        As many groups as would be as sure in classes of one size, and Satterthwaite's degrees of
        freedom: a small class keeps both low, however many groups the others have.
        """
        n = sizes[sizes > 0].astype(np.float64)
        if not len(n) or (n == 1).any():
            return None
        total = float((1 / n).sum())
        return cls(len(n) ** 2 / total, total**2 / float((1 / n**2 / (n - 1)).sum()))


def strata(group_labels: Index) -> Index:
    """The classes `(group,)` to draw within; those of a single group are one together."""
    labels, place, sizes = np.unique(group_labels, return_inverse=True, return_counts=True)
    return np.asarray(np.where(sizes[place] == 1, -1, labels[place]), np.int64)


def draw_groups(group_labels: Index, draws: int, seed: int) -> Floats:
    """How much each group counts, `(draw, group)`: drawn with replacement, within its class.

    Of the n groups of a class n - 1 are drawn, each to count n / (n - 1): so a class of few groups
    varies as much as it should (Rao and Wu), where n draws lose a share of 1 / n of the variance.
    """
    rng = np.random.default_rng(seed)
    counts = np.ones((draws, len(group_labels)))
    within = strata(group_labels)
    for label in np.unique(within):
        members = np.flatnonzero(within == label)
        n = len(members)
        if n > 1:
            drawn = rng.multinomial(n - 1, np.full(n, 1 / n), size=draws)
            counts[:, members] = drawn * n / (n - 1)
    return counts


def interval(draws: Floats, value: float, level: float, groups: float, free: float) -> list[float]:
    """Percentile interval of `(draw,)`, widened for few groups: by a t quantile of `free` degrees.

    A normal quantile ignores that the spread itself is estimated. Where no error was seen at all
    (value 1), draws cannot vary: the lower end is then the exact binomial bound over `groups`.
    """
    tail = stats.norm.cdf(-stats.t.ppf((1 + level) / 2, free))
    known = draws[np.isfinite(draws)]
    known = np.where(np.abs(known - value) < ROUNDING, value, known)
    if not len(known):
        return [np.nan, np.nan]
    low, high = np.quantile(known, [tail, 1 - tail])
    if value == 1.0 and low == 1.0:
        low = ((1 - level) / 2) ** (1 / groups)
    return [float(low), float(high)]
