"""DeLong's intervals of an AUROC, and of the difference of two: for independent records alone.

What each record adds to the area is known in closed form, so nothing has to be drawn. Records of
one event are not independent: there draws of events are used instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import stats
from scipy.special import expit, logit
from scipy.stats import rankdata

from tremor.evaluation.metrics import Floats
from tremor.evaluation.multilabel_metrics import Mask

WAY = "DeLong, on the scale of log odds"
NONE = 1e-12
"""Spread below which nothing was seen to vary."""


@dataclass(frozen=True)
class Area:
    """An area or a difference of two: its value, and the share of the spread of each side.

    `spreads` are the squared standard errors that positives and negatives add, `sides` how many
    records there are of each.
    """

    value: float
    spreads: tuple[float, float]
    sides: tuple[int, int]

    @classmethod
    def of(cls, positive: Mask, score: Floats, other: Floats | None = None) -> Self:
        """The area of a score `(record,)`, or by how much it is above that of another score."""
        added = placements(positive, score)
        if other is not None:
            pairs = zip(added, placements(positive, other), strict=True)
            one, two = (ours - theirs for ours, theirs in pairs)
            added = one, two
        up, down = (float(side.var(ddof=1) / len(side)) for side in added)
        return cls(float(added[0].mean()), (up, down), (len(added[0]), len(added[1])))

    @property
    def error(self) -> float:
        """The standard error."""
        return float(np.sqrt(sum(self.spreads)))

    @property
    def free(self) -> float:
        """Degrees of freedom of the error (Welch and Satterthwaite)."""
        parts = sum(v**2 / (n - 1) for v, n in zip(self.spreads, self.sides, strict=True))
        return float(sum(self.spreads) ** 2 / parts) if parts else np.inf

    def ends(self, level: float) -> tuple[float, float] | None:
        """The interval of an area, which never leaves 0 to 1; none where no record varies."""
        if self.error < NONE or not 0 < self.value < 1:
            return None
        reach = self._reach(level) / (self.value * (1 - self.value))
        low, high = expit(logit(self.value) + np.array([-reach, reach]))
        return float(low), float(high)

    def apart(self, level: float) -> tuple[float, float]:
        """The interval of a difference."""
        reach = self._reach(level)
        return self.value - reach, self.value + reach

    @property
    def p(self) -> float:
        """Two-sided p of a difference: 1 where nothing differs."""
        if self.error < NONE:
            return 1.0 if abs(self.value) < NONE else 0.0
        return 2 * float(stats.t.sf(abs(self.value) / self.error, self.free))

    def _reach(self, level: float) -> float:
        return self.error * float(stats.t.ppf((1 + level) / 2, self.free))


def placements(positive: Mask, score: Floats) -> tuple[Floats, Floats]:
    """Of each positive the share of negatives below it, of each negative that of positives above.

    Ties count half; the mean of either is the area. Labels and scores are `(record,)`.
    """
    ranks = rankdata(score)
    own = np.empty(len(score))
    for side in (positive, ~positive):
        own[side] = rankdata(score[side])
    up, down = int(positive.sum()), int((~positive).sum())
    return (ranks - own)[positive] / down, 1 - (ranks - own)[~positive] / up
