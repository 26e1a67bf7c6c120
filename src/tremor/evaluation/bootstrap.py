"""Intervals from draws of whole groups: records of one event are not independent."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from tremor.evaluation import metrics
from tremor.evaluation.metrics import Floats, Index

FEWEST = 10


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
        """`(group, true class, predicted class)`."""
        return metrics.confusion(self.labels, self.predicted, self.rows, self.classes, self.groups)

    def group_labels(self) -> Index:
        """The most frequent class of each group."""
        return np.asarray(self.group_confusion().sum(-1).argmax(-1), np.int64)


def draw_groups(group_labels: Index, draws: int, seed: int) -> Floats:
    """How often each group is drawn, `(draw, group)`: with replacement, within its class."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((draws, len(group_labels)))
    for label in np.unique(group_labels):
        members = np.flatnonzero(group_labels == label)
        even = np.full(len(members), 1 / len(members))
        counts[:, members] = rng.multinomial(len(members), even, size=draws)
    return counts


def interval(draws: Floats, value: float, level: float, groups: int, strata: int) -> list[float]:
    """Percentile interval of the draws, widened for few groups (Hesterberg's expansion).

    Drawing within `strata` shrinks the variance by (groups - strata) / groups, and a normal
    quantile ignores that the spread itself is estimated; a t quantile and that factor undo both.
    Where no error was seen at all (value 1), draws cannot vary: the lower end is then the exact
    binomial bound over groups.
    """
    free = max(groups - strata, 1)
    outer = stats.t.ppf((1 + level) / 2, free) * np.sqrt(groups / free)
    tail = stats.norm.cdf(-outer)
    known = draws[np.isfinite(draws)]
    if not len(known):
        return [np.nan, np.nan]
    low, high = np.quantile(known, [tail, 1 - tail])
    if value == 1.0 and low == 1.0:
        low = ((1 - level) / 2) ** (1 / groups)
    return [float(low), float(high)]
