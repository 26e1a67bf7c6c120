"""Numbers of a part of the judged records, each with its interval, its chance level and p."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.chance import p_value, permuted_labels
from tremor.evaluation.metrics import Floats, Index, mean_known
from tremor.evaluation.scoring import Plain, Scorer, plain

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Asked:
    """How many draws of groups and permutations of labels, the level of intervals, the seed.

    Prediction sets are made by the method `sets` for a `coverage`.
    """

    draws: int
    permutations: int
    level: float
    seed: int
    sets: str = "lac"
    coverage: float = 0.9

    def scorer(self, judged: Judged, background: int | None = None) -> Scorer:
        """The draws of groups of some judged records; `background` is the class of quiet ones."""
        return Scorer(judged, self.draws, self.level, self.seed, background)

    def permuted(self, judged: Judged) -> Index:
        """Labels exchanged between groups, `(permutation, record)`."""
        return permuted_labels(judged, self.permutations, self.seed)


def part(judged: Judged, keep: Mask) -> Judged:
    """Some of the judged records, and the groups that these are of."""
    groups, rows = np.unique(judged.rows[keep], return_inverse=True)
    labels, predicted, chances = judged.labels, judged.predicted, judged.chances
    return Judged(
        labels[keep],
        predicted[keep],
        chances[keep],
        rows.astype(np.int64),
        judged.names[groups],
    )


def by_group(judged: Judged, values: Floats) -> Floats:
    """Sums of values of records `(record, …)` over each group: `(group, …)`."""
    return sums_of(judged.rows, judged.groups, values)


def sums_of(rows: Index, groups: int, values: Floats | Mask) -> Floats:
    """The same of records whose groups are `rows`, by their numbers."""
    sums = np.zeros((groups, *values.shape[1:]))
    np.add.at(sums, rows, values)
    return sums


def means(scorer: Scorer, values: Floats) -> tuple[float, Floats]:
    """The mean of a value `(record,)`, and that of each draw `(draw,)`."""
    above, count = (by_group(scorer.judged, v) for v in (values, np.ones(len(values))))
    return float(values.mean()), (scorer.counts @ above) / (scorer.counts @ count)


def against(
    value: float, null: Floats, chance: float | None = None, smaller: bool = False
) -> Plain:
    """`chance` (the mean of the null unless it is given) and p; `smaller` where less is better."""
    sign = -1 if smaller else 1
    p = p_value(sign * value, sign * null) if np.isfinite(value) else None
    level = float(mean_known(null)) if chance is None else chance
    return {"chance": plain(level), "p": p}
