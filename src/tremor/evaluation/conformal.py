"""Conformal prediction sets: as many classes as are needed to hold the true one, so often.

Records of one group are not exchangeable, groups are. So each validation group weighs as one
whatever its records, and the guarantee is for a record of a new group (Lee, Barber and Willett,
2023); with one record a group this is split conformal prediction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.metrics import Floats, Index
from tremor.evaluation.multilabel_metrics import Mask

ROUNDING = 1e-12


def lac(chances: Floats) -> Floats:
    """How strange each class is `(record, class)`: what its probability lacks to one."""
    return np.asarray(1 - chances)


def aps(chances: Floats) -> Floats:
    """How strange each class is: the probability of all likelier ones, and half of its own.

    From probabilities `(record, class)` to the same shape.

    Half in place of a random share of it, so that a record's set does not depend on a draw.
    """
    order = np.argsort(-chances, axis=1, kind="stable")
    ranked = np.take_along_axis(chances, order, 1)
    total = ranked.cumsum(1) - ranked / 2
    found = np.empty_like(total)
    np.put_along_axis(found, order, total, 1)
    return found


def threshold(strangeness: Floats, rows: Index, coverage: float) -> float:
    """The strangeness up to which classes are in a set; without end where groups are too few.

    `strangeness (record,)` is that of the true class, `rows (record,)` the group.
    """
    groups, place, sizes = np.unique(rows, return_inverse=True, return_counts=True)
    weights = 1 / (len(groups) + 1) / sizes[place] if len(groups) else np.zeros(0)
    order = np.argsort(strangeness, kind="stable")
    reached = np.flatnonzero(weights[order].cumsum() >= coverage - ROUNDING)
    return float(strangeness[order][reached[0]]) if len(reached) else float("inf")


def fewest_groups(coverage: float) -> int:
    """Groups that a threshold needs: with fewer, sets must hold every class."""
    return int(np.ceil(coverage / (1 - coverage) - ROUNDING))


@dataclass(frozen=True)
class Sets:
    """What sets are made by: thresholds `(class,)` of a strangeness.

    With `filled` a set that would be empty holds the likeliest class: no less is covered by that.
    """

    strange: Callable[[Floats], Floats]
    thresholds: Floats
    filled: bool = True

    def __call__(self, chances: Floats) -> NDArray[np.bool_]:
        """Which classes are in the set of each record `(record, class)`."""
        inside = self.bare(chances)
        if self.filled:
            empty = ~inside.any(1)
            inside[empty, chances[empty].argmax(1)] = True
        return inside

    def bare(self, chances: Floats) -> Mask:
        """The same before any is filled."""
        return np.asarray(self.strange(chances) <= self.thresholds + ROUNDING)


def of_all(strange: Callable[[Floats], Floats]) -> Method:
    """One threshold for all classes."""

    def made(validation: Judged, coverage: float) -> Sets:
        own = strange(validation.chances)[np.arange(len(validation.labels)), validation.labels]
        one = threshold(own, validation.rows, coverage)
        return Sets(strange, np.full(validation.classes, one))

    return made


def of_each(validation: Judged, coverage: float) -> Sets:
    """A threshold for each class from its own records: so often for each class, not on average."""
    strange = lac(validation.chances)
    each = []
    for label in range(validation.classes):
        inside = validation.labels == label
        each.append(threshold(strange[inside, label], validation.rows[inside], coverage))
    return Sets(lac, np.array(each))


Method = Callable[[Judged, float], Sets]
METHODS: dict[str, Method] = {
    "lac": of_all(lac),
    "aps": of_all(aps),
    "lac_class": of_each,
}
"""Ways to make sets: the smallest; more even among hard and easy records; for each class."""
