"""Do attributions point at the evidence? Scores where the evidence is known, beside their chance.

The score of a record is the rank AUC of its attribution for the cells that hold the evidence: 1
where they all come first, 0.5 by chance. `template` is the score of explanations of other events'
records in this record's place: what a map that is the same for all records gets. `shuffled` is
that of explanations with their cells shuffled, and `rolled` of explanations moved around
cyclically, which stay as smooth as they were: over all shuffles and moves, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft, stats

from tremor.errors import Refused
from tremor.explain.groups.bands import mean_map
from tremor.explain.groups.events import BLOCK, WHERE, Bools, Events, Floats, numbered


@dataclass(frozen=True)
class Score:
    """A mean over records with its interval (NaN with fewer than 10 events)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Aim:
    """How well one reading of the attributions points, and how well chance does.

    `beyond` is the score less the template's, record by record. `lift` is the share of the
    attribution that lies in the evidence over the evidence's share of the cells: 1 by chance.
    Intervals are over events; those of `shuffled` and `rolled` say how far chance reaches, and for
    smooth maps only `rolled` reaches far enough. Where evidence is at one place in all records,
    the template equals the score and nothing can be beyond it.
    """

    score: Score
    template: Score
    beyond: Score
    shuffled: Score
    rolled: Score
    lift: Score


@dataclass(frozen=True)
class Pointing:
    """`absolute` reads attributions without their sign; `signed` counts what speaks against last
    (and its lift is that of what speaks for). `records` and `events` had evidence; `without` did
    not. `area` is the mean share of cells that hold it.
    """

    absolute: Aim
    signed: Aim
    area: float
    records: int
    events: int
    without: int


def pointing(
    values: ArrayLike,
    evidence: ArrayLike,
    events: ArrayLike,
    draws: int = 1000,
    level: float = 0.95,
    seed: int = 0,
    mass: float = 0.1,
) -> Pointing:
    """Score attributions `(record, *cells)` against known evidence of the same shape.

    Evidence is a mask, or numbers of 0 and more: then the region is made of the strongest cells,
    down to where they hold the share `mass` of the record's evidence. Attributions that are the
    same everywhere point nowhere: 0.5, and a lift of 1.
    """
    maps, known = np.asarray(values), np.asarray(evidence)
    _check(maps, known)
    number, _ = numbered(events, len(maps))
    flat = known.reshape(len(known), -1)
    region = flat if flat.dtype == np.bool_ else _strongest(flat, mass)
    told: Bools = np.asarray(region.any(1) & ~region.all(1))
    region = region.reshape(maps.shape)
    if len(np.unique(number[told])) < 2:
        fault = f"{told.sum()} of {len(told)} records have evidence; records of 2 events are needed"
        raise Refused(fault, f"{WHERE}, pointing", "records of a world with an effect")
    maps, region, number = maps[told].astype(np.float64), region[told], number[told]
    judge = _Judge(region, number, draws, level, seed)
    return Pointing(
        absolute=judge.aim(np.abs(maps)),
        signed=judge.aim(maps),
        area=float(region.mean()),
        records=len(maps),
        events=len(np.unique(number)),
        without=int((~told).sum()),
    )


@dataclass(frozen=True)
class _Judge:
    """Regions of evidence `(record, *cells)`, the records' events, and how intervals are drawn."""

    region: Bools
    number: NDArray[np.intp]
    draws: int
    level: float
    seed: int

    def aim(self, maps: Floats) -> Aim:
        region = self.region.reshape(len(maps), -1)
        flat = maps.reshape(region.shape)
        ranks = stats.rankdata(flat, axis=1)
        score = _area((ranks * region).sum(1), region)
        template = _area((_others(ranks, self.number) * region).sum(1), region)
        return Aim(
            score=self._mean(score),
            template=self._mean(template),
            beyond=self._mean(score - template),
            shuffled=self._chance(_shuffled(ranks, region)),
            rolled=self._chance(_rolled(ranks.reshape(maps.shape), self.region)),
            lift=self._mean(_lift(np.maximum(flat, 0), region)),
        )

    def _mean(self, scores: Floats) -> Score:
        found = mean_map(scores, self.number, self.draws, self.level, self.seed)
        return Score(float(found.mean), float(found.low), float(found.high))

    def _chance(self, spread: Floats) -> Score:
        """Chance of a mean over records, from the spread of each; those of an event go together."""
        within = np.bincount(self.number, weights=spread)
        reach = stats.norm.ppf((1 + self.level) / 2) * np.sqrt((within**2).sum()) / len(spread)
        return Score(0.5, float(0.5 - reach), float(0.5 + reach))


def _check(maps: NDArray[Any], known: NDArray[Any]) -> None:
    where = f"{WHERE}, pointing"
    if maps.shape != known.shape:
        fault = f"attributions of shape {maps.shape}, evidence of shape {known.shape}"
        raise Refused(fault, where, "evidence for each cell of each record")
    if known.dtype != np.bool_ and not (np.isfinite(known).all() and (known >= 0).all()):
        raise Refused(
            "evidence below zero or not finite", where, "a mask, or numbers of 0 and more"
        )


def _strongest(evidence: Floats, mass: float) -> Bools:
    """The strongest cells `(record, cell)` that together hold a share of a record's evidence.

    Cells as strong as the weakest of them belong to them too.
    """
    falling = -np.sort(-evidence.astype(np.float64), axis=1)
    held = np.cumsum(falling, axis=1)
    last = (held < mass * held[:, -1:]).sum(1, keepdims=True)
    return (evidence >= np.take_along_axis(falling, last, axis=1)) & (evidence > 0)


def _area(rank_sums: Floats, region: Bools) -> Floats:
    """Areas under the curve `(record,)` of the rank sums of regions `(record, cell)`."""
    inside = region.sum(1)
    outside = region.shape[1] - inside
    return np.asarray((rank_sums / inside - (inside + 1) / 2) / outside)


def _others(ranks: Floats, number: NDArray[np.intp]) -> Floats:
    """For each record, the mean ranks `(record, cell)` over the records of all other events.

    A rank sum is linear in the ranks, so their mean gives the mean score over all these pairings.
    """
    found = Events.of(ranks, number)
    others = (found.sums.sum(0) - found.sums) / (found.records - found.counts)[:, None]
    return np.asarray(others[numbered(number, len(number))[0]])


def _shuffled(ranks: Floats, region: Bools) -> Floats:
    """Spread of each record's score over all shuffles of its cells `(record,)`."""
    cells, inside = ranks.shape[1], region.sum(1)
    outside = cells - inside
    sums = ranks.var(1, ddof=1) * inside * outside / cells
    return np.asarray(np.sqrt(sums) / (inside * outside))


def _rolled(ranks: Floats, region: Bools) -> Floats:
    """Spread of each record's score over all cyclic moves along all axes `(record,)`."""
    axes = tuple(range(1, ranks.ndim))
    spread = np.empty(len(ranks))
    step = max(1, BLOCK // ranks[0].size)
    for start in range(0, len(ranks), step):
        part = slice(start, start + step)
        here, there = (fft.rfftn(m, axes=axes) for m in (ranks[part], region[part] * 1.0))
        moved = fft.irfftn(here * there.conj(), s=ranks.shape[1:], axes=axes)
        spread[part] = moved.std(axes)
    inside = region.sum(axes)
    return np.asarray(spread / (inside * (ranks[0].size - inside)))


def _lift(mass: Floats, region: Bools) -> Floats:
    """Share of the mass `(record, cell)` in the region over the region's share of the cells."""
    inside, whole = (mass * region).sum(1), mass.sum(1)
    area = region.mean(1)
    share = np.divide(inside, whole, out=area.copy(), where=whole > 0)
    return np.asarray(share / area)
