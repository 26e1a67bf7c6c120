"""Means over records, with intervals from draws of whole events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

FEWEST = 6  # events that all agree by chance once in 2**5: below that no interval can exclude zero
DRAWS = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Average:
    """A mean over `records` that know it, of `events`; None where none does or events are few."""

    value: float | None
    interval: tuple[float, float] | None
    records: int
    events: int

    def above(self, level: float) -> bool:
        """Whether the whole interval is."""
        return self.interval is not None and self.interval[0] > level

    @property
    def few(self) -> str:
        """Why there is no interval."""
        return f"{self.events} event{'s' * (self.events != 1)}: too few for an interval"

    def __str__(self) -> str:
        if self.value is None:
            return "undefined"
        if self.interval is None:
            return f"{self.value:z.2f} ({self.few})"
        return f"{self.value:z.2f} ({self.interval[0]:z.2f} to {self.interval[1]:z.2f})"


def average(
    values: Sequence[float | None],
    events: Sequence[str],
    units: Sequence[float | None] | None = None,
) -> Average:
    """The mean over records, or the sum over records in `units` summed as well (a ratio of means).

    A ratio of means does not explode where one record has a unit near zero. Records without a
    value or a unit are left out, and counted so.
    """
    each = [1.0] * len(values) if units is None else units
    known = [
        (value, unit, event)
        for value, unit, event in zip(values, each, events, strict=True)
        if value is not None and unit is not None
    ]
    if not known:
        return Average(None, None, 0, 0)
    value = float(sum(v for v, *_ in known) / sum(unit for _, unit, _ in known))
    kept = [event for *_, event in known]
    found = event_interval([v for v, *_ in known], kept, [unit for _, unit, _ in known])
    return Average(value, found, len(known), len(set(kept)))


def mean_known(values: Sequence[float | None]) -> float | None:
    """The mean of the values that are known, if any is."""
    known = [v for v in values if v is not None]
    return float(np.mean(known)) if known else None


def event_interval(
    values: Sequence[float],
    events: Sequence[str],
    units: Sequence[float] | None = None,
    seed: int = 0,
) -> tuple[float, float] | None:
    """Percentile interval of the mean (of values in units) over draws of events; None below 6.

    Widened for few events (Hesterberg's expansion): drawing shrinks the variance by (n - 1) / n,
    and a normal quantile ignores that the spread itself is estimated.
    """
    names, row = np.unique(np.asarray(events, str), return_inverse=True)
    n = len(names)
    if n < FEWEST:
        return None
    weights = np.ones(len(values)) if units is None else np.asarray(units, np.float64)
    above = np.bincount(row, np.asarray(values, np.float64), n)
    below = np.bincount(row, weights, n)
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=DRAWS)
    drawn = (counts @ above) / (counts @ below)
    outer = stats.t.ppf((1 + LEVEL) / 2, n - 1) * np.sqrt(n / (n - 1))
    tail = stats.norm.cdf(-outer)
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)
