"""One metric of several runs under one set of draws: intervals over seeds and events, tests.

The interval of a configuration's mean comes from a hierarchical bootstrap: runs (seeds) are drawn
with replacement, then whole events within their class, with one draw of events for all runs. Of R
runs R - 1 are drawn, so that the spread of their mean is not too small, and the quantiles are
widened by a t quantile whose degrees of freedom weigh runs and events by the spread that each adds
(Welch and Satterthwaite). Differences are drawn in pairs: the same test records and the same events
on both sides. The p value swaps the two configurations' predictions event by event: it speaks of
these trained networks on other events, and where seeds matter it is small too often to speak of the
configurations; the interval counts the seeds as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tremor.evaluation import metrics, ordinal
from tremor.evaluation.bootstrap import AVERAGED, FEWEST, Evidence, draw_groups, interval, strata
from tremor.evaluation.chance import p_value
from tremor.evaluation.metrics import Floats, Index
from tremor.evaluation.runs import Run


@dataclass(frozen=True)
class Score:
    """A value with its interval; `None` where there are too few events, or nothing to draw."""

    value: float
    lo: float | None = None
    hi: float | None = None

    @property
    def ends(self) -> list[float]:
        """The interval's ends, or nothing."""
        return [] if self.lo is None or self.hi is None else [self.lo, self.hi]

    def __neg__(self) -> Score:
        """The same difference from the other side."""
        turned = [-end for end in reversed(self.ends)]
        return Score(-self.value, *turned)


class Draws:
    """One metric of runs with the same classes, under one set of event draws."""

    def __init__(self, runs: Sequence[Run], metric: str, draws: int, level: float, seed: int):
        self.metric, self.draws, self.level, self.seed = metric, draws, level, seed
        events = pd.Index(sorted({g for run in runs for g in run.predictions["group"]}))
        self.counts = np.stack([_by_event(run, events) for run in runs])
        self.labels = np.asarray(self.counts.sum((0, -1)).argmax(-1), np.int64)
        self.values = self._score(self.counts.sum(1))
        drawn = draw_groups(self.labels, draws, seed)
        each = [self._score(np.tensordot(drawn, one, axes=1)) for one in self.counts]
        self.table = np.stack(each, axis=1)

    def _score(self, confusion: Floats) -> Floats:
        ordered = self.metric in ordinal.SCORES
        return (ordinal.scores if ordered else metrics.from_confusion)(confusion)[self.metric]

    def events(self, members: Sequence[int]) -> Index:
        """The events `(event,)` that some runs judged, by their places."""
        return np.flatnonzero(self.counts[list(members)].sum((0, 2, 3)))

    def mean(self, members: Sequence[int]) -> Score:
        """The mean of some runs, with its interval over runs and events."""
        rng = np.random.default_rng((self.seed, 4))
        even = np.zeros(len(self.values))
        even[list(members)] = 1 / len(members)
        drawn = self._weights([members], np.ones((self.draws, 1)), rng)
        return self._contrast(even, drawn, len(members) - 1, self.events(members))

    def difference(self, first: list[list[int]], second: list[list[int]]) -> Score:
        """Mean of the first runs minus that of the second; each list holds one set of records.

        Sets of records are drawn with both sides together, then runs within each set and side.
        """
        rng = np.random.default_rng((self.seed, 4))
        over = _shares(len(first), self.draws, rng)
        drawn = self._weights(first, over, rng) - self._weights(second, over, rng)
        even = np.zeros(len(self.values))
        for sets, sign in ((first, 1), (second, -1)):
            for members in sets:
                even[members] += sign / len(members) / len(sets)
        members = [i for sets in (first, second) for one in sets for i in one]
        free = len(first) - 1 if len(first) > 1 else len(members) - 2
        return self._contrast(even, drawn, free, self.events(members))

    def _weights(
        self, sets: Sequence[Sequence[int]], over: Floats, rng: np.random.Generator
    ) -> Floats:
        """How much each run counts in each draw, `(draw, run)`; `over` weighs the sets."""
        found = np.zeros((self.draws, len(self.values)))
        for place, members in enumerate(sets):
            shares = _shares(len(members), self.draws, rng)
            found[:, list(members)] = over[:, [place]] * shares
        return found

    def _contrast(self, even: Floats, drawn: Floats, free_runs: int, events: Index) -> Score:
        """A weighted sum of runs, with its interval where there are events enough."""
        value = round(float(even @ self.values), 12) + 0.0
        evidence = self._evidence(events)
        if len(events) < FEWEST or evidence is None:
            return Score(value)
        both = np.where(drawn != 0, drawn * self.table, 0.0).sum(1)
        by_runs = round(float(np.var(drawn @ self.values)), 18)
        by_events = float(np.nanvar(np.where(even != 0, even * self.table, 0.0).sum(1)))
        if by_runs == 0:
            return Score(value, *interval(both, value, self.level, *evidence))
        within = by_runs**2 / free_runs + by_events**2 / evidence.free
        free = (by_runs + by_events) ** 2 / within
        return Score(value, *interval(both, value, self.level, evidence.groups, free))

    def _evidence(self, events: Index) -> Evidence | None:
        """How much some events tell of the metric."""
        if self.metric in AVERAGED:
            counts = self.counts[:, events].sum((0, -1))
            return Evidence.averaged((counts > 0).sum(0))
        return Evidence.pooled(len(events), len(np.unique(strata(self.labels)[events])))

    def way(self, first: list[list[int]], second: list[list[int]]) -> str:
        """How a pair is tested, where not by swaps."""
        return ""

    def swapped(self, first: list[list[int]], second: list[list[int]], swaps: int) -> float:
        """Two-sided p: predictions change sides event by event, in all sets of records alike.

        Of several runs on one set of records the confusion counts are averaged first.
        """
        sides = [
            (self.counts[one].mean(0), self.counts[other].mean(0))
            for one, other in zip(first, second, strict=True)
        ]
        seen = sum(float(self._score(a.sum(0)) - self._score(b.sum(0))) for a, b in sides)
        drawn = np.concatenate([self._moved(sides, flips) for flips in self._flips(swaps)])
        return p_value(abs(seen), np.abs(drawn))

    def _flips(self, swaps: int) -> Iterator[Floats]:
        """Which events change sides, a part of the swaps at a time: `(swap, event)`."""
        rng = np.random.default_rng((self.seed, 2))
        step = max(1, metrics.CHUNK // max(self.counts.shape[1], self.counts[0, 0].size))
        for start in range(0, swaps, step):
            size = (min(step, swaps - start), len(self.labels))
            yield rng.integers(0, 2, size, dtype=np.int8).astype(np.float64)

    def _moved(self, sides: Sequence[tuple[Floats, Floats]], flips: Floats) -> Floats:
        """The first sides' metric minus the second's after each swap."""
        drawn = np.zeros(len(flips))
        for a, b in sides:
            change = b - a
            touched = change.any((1, 2))
            moved = np.tensordot(flips[:, touched], change[touched], axes=1)
            drawn += self._score(a.sum(0) + moved) - self._score(b.sum(0) - moved)
        return drawn


def _by_event(run: Run, events: pd.Index[Any]) -> Floats:
    """Confusion counts `(event, true class, predicted class)` of a run."""
    table = run.predictions
    rows = events.get_indexer(pd.Index(table["group"])).astype(np.int64)
    labels, said = (table[name].to_numpy(np.int64) for name in ("label", "predicted"))
    return metrics.confusion(labels, said, rows, len(run.classes), len(events))


def _shares(count: int, draws: int, rng: np.random.Generator) -> Floats:
    """Shares `(draw, one of count)` of draws with replacement, one fewer than there are."""
    if count == 1:
        return np.ones((draws, 1))
    return rng.multinomial(count - 1, np.full(count, 1 / count), size=draws) / (count - 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """P values corrected for their number: Holm's step-down, each at most 1."""
    order = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    stepped = np.maximum.accumulate(np.asarray(p_values, float)[order] * factors)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(stepped, 1.0)
    return [float(p) for p in corrected]
