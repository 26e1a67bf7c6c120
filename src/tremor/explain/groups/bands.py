"""Mean maps with bands: how far the mean would move, had other events been recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from tremor.errors import Refused
from tremor.explain.explanation import Axis
from tremor.explain.groups.events import BLOCK, FEWEST, WHERE, Events, Floats


@dataclass(frozen=True)
class MeanMap:
    """Mean and pointwise band `(*cells)`; the band is NaN with fewer than 10 events."""

    mean: Floats
    low: Floats
    high: Floats
    records: int
    events: int
    level: float


def mean_map(
    values: ArrayLike,
    events: ArrayLike,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    each_event: bool = False,
) -> MeanMap:
    """The mean of maps `(record, *cells)`, with the band of a bootstrap over events.

    Every record weighs the same, or with `each_event` every event, as in the tests of
    differences. An event is drawn with all its records; quantiles are widened for few events.
    """
    found = Events.of(values, events)
    if not len(found):
        raise Refused("a mean of no records", WHERE, "a selection that holds records")
    weighed = found.as_one_record() if each_event else found
    mean = weighed.sums.sum(0) / weighed.counts.sum()
    low, high = _band(weighed, draws, level, seed)
    mean, low, high = (part.reshape(found.cells) for part in (mean, low, high))
    return MeanMap(mean, low, high, found.records, len(found), level)


def marginal(values: ArrayLike, axes: Sequence[Axis], keep: str) -> Floats:
    """Maps `(record, *cells)` added up over every axis but one `(record, cell)`.

    Sums, so that a marginal adds up to what the map adds up to.
    """
    maps, names = np.asarray(values), [axis.name for axis in axes]
    if keep not in names:
        raise Refused(f"the maps have no axis {keep}", WHERE, f"one of {', '.join(names)}")
    others = tuple(1 + n for n, name in enumerate(names) if name != keep)
    return np.asarray(maps.sum(others, dtype=np.float64))


def _band(found: Events, draws: int, level: float, seed: int) -> tuple[Floats, Floats]:
    """Percentile band of each cell `(cell,)`, with Hesterberg's expansion for few events.

    Draws of n events spread too little by the factor (n - 1) / n, and a normal quantile ignores
    that the spread itself is estimated; a t quantile and that factor undo both.
    """
    many, cells = found.sums.shape
    low, high = np.full((2, cells), np.nan)
    if many < FEWEST:
        return low, high
    tail = stats.norm.cdf(
        -stats.t.ppf((1 + level) / 2, many - 1) * np.sqrt(many / (many - 1)),
    )
    drawn = np.random.default_rng(seed).multinomial(many, np.full(many, 1 / many), size=draws)
    shares = (drawn / (drawn @ found.counts)[:, None]).T
    for start in range(0, cells, step := max(1, BLOCK // draws)):
        part = slice(start, start + step)
        means = found.sums[:, part].T @ shares
        low[part], high[part] = np.quantile(means, [tail, 1 - tail], axis=1)
    return low, high
