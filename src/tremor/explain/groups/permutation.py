"""Which cells differ between groups: one test of the whole map, by permutations of events.

What is exchanged is an event with all its records, and each event has one vote, its mean map:
more records of one event are no more evidence. (A mean over records would let the events with most
records decide, and its spread would hang on their number.) If events of both sides are drawn from
one distribution, swapping their labels changes nothing, and the largest |t| over the map under
many swaps tells what chance makes of it: family-wise control over all cells, whatever their
correlation. Statistics are studentised (Welch), so that in large samples the level also holds
where only the means are equal and spreads or numbers of records are not; in small ones not quite
(15 events of twice the spread of 45 others: 9 % instead of 5 %).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tremor.errors import Refused
from tremor.explain.groups.events import BLOCK, FEWEST, WHERE, Bools, Events, Floats
from tremor.explain.groups.exchange import ROUNDING, Labels, Signs, Swap, apart


@dataclass(frozen=True)
class Comparison:
    """A map of differences and what chance makes of them; arrays are `(*cells)`.

    `difference` is in the units of the values, between means over events; `d` is that over the
    spread of events (pooled over both sides, or of the differences within events). `p` is
    corrected for all cells: the share of permutations, this one counted in, whose largest |t|
    reaches the cell's. `records` and `events` are of each side; `left_out` counts events that the
    design could not use, `exchanged` says what the permutations swapped.
    """

    difference: Floats
    d: Floats
    statistic: Floats
    p: Floats
    significant: Bools
    threshold: float
    records: tuple[int, ...]
    events: tuple[int, ...]
    left_out: int
    exchanged: str
    permutations: int
    level: float


def difference(
    values: ArrayLike,
    events: ArrayLike,
    which: ArrayLike,
    permutations: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Do the records `which (record,)` have another mean map than the others? Two-sided.

    With 10 events or more on both sides (one earthquake at two stations), only these are used and
    the sides are swapped within each; otherwise only the events that are wholly on one side.
    """
    maps, names, side = np.asarray(values), np.asarray(events), np.asarray(which, dtype=np.bool_)
    if side.shape != maps.shape[:1] or names.shape != side.shape:
        fault = f"{len(maps)} maps, events of shape {names.shape}, sides of shape {side.shape}"
        raise Refused(fault, WHERE, "one event and one side for each record")
    sides = [Events.of(maps[chosen], names[chosen]) for chosen in (side, ~side)]
    shared = [np.isin(one.names, other.names) for one, other in (sides, sides[::-1])]
    paired = int(shared[0].sum()) >= FEWEST
    a, b = (s.among(both == paired) for s, both in zip(sides, shared, strict=True))
    left_out = sum(len(s) for s in sides) - len(a) - len(b)
    if paired:
        swap: Swap = Signs(apart(a.means, b.means), "sides within events")
    else:
        _enough((len(a), len(b)), int(shared[0].sum()))
        swap = Labels(np.concatenate([a.means, b.means]), len(a))
        left_out //= 2
    return _test(swap, (a, b), left_out, permutations, level, seed)


def against_zero(
    values: ArrayLike,
    events: ArrayLike,
    permutations: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Is the mean map other than zero? The signs of whole events are flipped. Two-sided.

    It takes an event's map to be as likely as its negative if nothing is there. Where maps are
    strongly skewed and events are few, it finds the skew: read it for symmetric maps, and compare
    classes with `difference`, which swaps like with like.
    """
    found = Events.of(values, events)
    _enough((len(found),), 0)
    return _test(Signs(found.means, "signs of events"), (found,), 0, permutations, level, seed)


def _test(
    swap: Swap,
    sides: tuple[Events, ...],
    left_out: int,
    permutations: int,
    level: float,
    seed: int,
) -> Comparison:
    """The largest |t| over cells under permutations, and where each cell stands among them."""
    spare = int(np.floor((1 - level) * (1 + permutations) + ROUNDING)) - 1
    if spare < 0:
        fault = f"{permutations} permutations cannot tell at a level of {level:g}"
        raise Refused(fault, WHERE, f"{int(np.ceil(1 / (1 - level))) - 1} permutations or more")
    largest, observed = _largest(swap, permutations, seed), swap.statistic(swap.observed())[0]
    reached = np.abs(observed) * (1 - ROUNDING)
    p = (1 + permutations - np.searchsorted(largest, reached)) / (1 + permutations)
    cells = sides[0].cells
    return Comparison(
        difference=swap.difference.reshape(cells),
        d=swap.d.reshape(cells),
        statistic=observed.reshape(cells),
        p=p.reshape(cells),
        significant=(p <= 1 - level + ROUNDING).reshape(cells),
        threshold=float(largest[-1 - spare]),
        records=tuple(side.records for side in sides),
        events=tuple(len(side) for side in sides),
        left_out=left_out,
        exchanged=swap.exchanged,
        permutations=permutations,
        level=level,
    )


def _largest(swap: Swap, permutations: int, seed: int) -> Floats:
    """The largest |t| of each permutation, in ascending order."""
    rng, cells = np.random.default_rng(seed), swap.difference.size
    step, found = max(1, BLOCK // max(cells, 1)), []
    for start in range(0, permutations, step):
        weights = swap.drawn(rng, min(step, permutations - start))
        found.append(np.abs(swap.statistic(weights)).max(1))
    return np.sort(np.concatenate(found))


def _enough(events: tuple[int, ...], shared: int) -> None:
    if min(events) >= FEWEST:
        return
    told = " and ".join(str(count) for count in events)
    extra = f" (and {shared} with records on both sides)" if shared else ""
    raise Refused(
        f"a test needs {FEWEST} events a side, and there are {told}{extra}",
        WHERE,
        "explain records of more events; more records of the same events do not help",
    )
