"""Deletion, insertion and random maps: what the curves of many records come to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch

from tremor.explain.audit.curves import Curves
from tremor.explain.audit.intervals import Average, average
from tremor.explain.audit.verdict import STILL, STILL_FAULT, Entry, Verdict, entry

BEATEN = 0.75  # of random maps: halfway between chance and certainty


@dataclass(frozen=True)
class Side:
    """Deletion with one fill, as shares of what records add to their fill.

    `apart` is the area under least less that under most relevant first, `sooner` that under random
    orders less that under most relevant first, `inserted` that under insertion less that under
    random orders; `best` is the largest mean `apart` of the random maps.
    """

    fill: str
    apart: Average
    sooner: Average
    inserted: Average
    beaten: Average
    best: float

    @property
    def ordered(self) -> bool:
        """The order is right beyond doubt, on the whole and by the count of random maps beaten.

        Random orders, in pairs, are at zero on the one and at a half on the other scale.
        """
        return self.apart.above(0) and self.beaten.above(0.5)

    @property
    def clear(self) -> bool:
        """It is, and the score falls sooner than in random orders."""
        return self.ordered and self.sooner.above(0)

    @property
    def seems(self) -> bool:
        """The order is right, or looks so with too few events to tell."""
        few = self.apart.interval is None and (self.apart.value or 0) > 0
        return self.ordered or few


def side(fill: str, curves: Sequence[Curves], events: Sequence[str]) -> Side:
    """Averages over records; a ratio of means, so that no record without a gain rules it."""
    units = [c.scale for c in curves]
    gained = [unit for unit in units if unit is not None]
    deltas = [c.random_deltas for c in curves if c.scale is not None]
    best = float(torch.stack(deltas).sum(0).max()) / sum(gained) if gained else 0.0
    return Side(
        fill,
        average([c.delta for c in curves], events, units),
        average([c.random_area - c.most_first.area for c in curves], events, units),
        average([c.least_first.area - c.random_area for c in curves], events, units),
        average([c.beaten for c in curves], events),
        best,
    )


def deletion(sides: Sequence[Side]) -> Entry:
    """Pass: the right order, and sooner than random orders, with two fills or more."""
    sides, worst = _defined(sides, lambda s: s.apart)
    if worst.apart.value is None:
        return entry("deletion", "undefined", worst.apart, None, STILL, STILL_FAULT, True)
    verdict: Verdict = "weak" if any(s.seems for s in sides) else "fail"
    if len(sides) > 1 and all(s.clear for s in sides):
        verdict = "pass"
    opening = {
        "pass": "Deleting what the map calls most supporting first lowers the score sooner than "
        "the reverse order and than random orders",
        "weak": "Deleting what the map calls most supporting first lowers the score sooner than "
        f"the reverse order, but not beyond doubt ({_doubt(sides)})",
        "fail": "Deleting what the map calls most supporting first is NO better than random orders",
        "undefined": "",
    }
    words = (
        f"{opening[verdict]}: the mean scores of both orders differ by {worst.apart} times what a "
        f"record adds to its fill ({_fill(worst, sides)}); the best of random maps reaches "
        f"{worst.best:.2f}."
    )
    faults = {
        "weak": f"deletion ({_doubt(sides)})",
        "fail": "deletion no better than random orders",
    }
    fault = faults.get(verdict, "")
    return entry("deletion", verdict, worst.apart, worst.best, words, fault, True, tested=True)


def insertion(sides: Sequence[Side]) -> Entry:
    """Pass: the score comes back sooner than in random orders, with every fill."""
    sides, worst = _defined(sides, lambda s: s.inserted)
    if worst.inserted.value is None:
        return entry("insertion", "undefined", worst.inserted, None, STILL, STILL_FAULT)
    clear = [s for s in sides if s.inserted.above(0)]
    few = worst.inserted.interval is None and worst.inserted.value > 0
    verdict: Verdict = "weak" if clear or few else "fail"
    if len(sides) > 1 and len(clear) == len(sides):
        verdict = "pass"
    words = (
        "Inserting what the map calls most supporting first gains, over random orders, "
        f"{worst.inserted} times what a record adds to its fill ({_fill(worst, sides)})."
    )
    return entry(
        "insertion",
        verdict,
        worst.inserted,
        0.0,
        words,
        "insertion near random orders",
        tested=True,
    )


def random_maps(sides: Sequence[Side]) -> Entry:
    """Pass: better than at least three quarters of random maps of the same parts, every fill."""
    check = "random explanations"
    sides, worst = _defined(sides, lambda s: s.beaten)
    if worst.beaten.value is None:
        return entry(check, "undefined", worst.beaten, None, STILL, STILL_FAULT)
    verdict: Verdict = "weak" if any(s.beaten.above(0.5) for s in sides) else "fail"
    if worst.beaten.interval is None and worst.beaten.value > 0.5:
        verdict = "weak"
    if worst.beaten.above(0.5) and worst.beaten.value >= BEATEN:
        verdict = "pass"
    words = (
        f"In deletion, a map beats {worst.beaten} of random maps of the same parts "
        f"({_fill(worst, sides)}; by chance 0.50). How well the best possible map would do is not "
        "known."
    )
    return entry(
        check, verdict, worst.beaten, 0.5, words, "hardly better than random maps", tested=True
    )


def _doubt(sides: Sequence[Side]) -> str:
    """Why deletion is not a pass."""
    if any(s.apart.interval is None for s in sides):
        return min(sides, key=lambda s: s.apart.events).apart.few
    if len(sides) == 1:
        return f"one fill only: {sides[0].fill}"
    failing = [s.fill for s in sides if not s.ordered]
    if failing:
        return f"not with {', '.join(failing)}"
    late = [s.fill for s in sides if not s.clear]
    return f"no sooner than random orders with {', '.join(late)}"


def _fill(worst: Side, sides: Sequence[Side]) -> str:
    many = f"the worse of {len(sides)} fills, " if len(sides) > 1 else ""
    return f"{many}{worst.fill}"


def _defined(
    sides: Sequence[Side], number: Callable[[Side], Average]
) -> tuple[Sequence[Side], Side]:
    """The fills with which something changes the score, and the worst of them by a number."""
    known = [(value, s) for s in sides if (value := number(s).value) is not None]
    if not known:
        return sides, sides[0]
    return [s for _, s in known], min(known, key=lambda pair: pair[0])[1]
