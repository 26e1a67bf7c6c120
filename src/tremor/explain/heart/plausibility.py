"""Does an explanation point where clinicians look? Always beside what points there by chance.

A token's score is its evidence per second, so that long windows gain nothing by being long. Nulls
are scored alike: `random` explanations, the same one with its `leads` permuted (the mean over all
permutations, exactly), the same one `shifted` by half an RR interval, and that of an `other`
record in this one's place. A claim is the difference to a null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from tremor.explain.heart.tokens import Bools, Floats, Seen, Tokens

Reading = Callable[[Floats], Floats]
Row = dict[str, float | None]

METRICS = ("attauc", "p_at_k", "f1")
NULLS = ("random", "leads", "shifted", "other")
DIGITS = 9  # scores alike to so many digits of the largest are ties


def positive(values: Floats) -> Floats:
    """What speaks for the class."""
    return np.maximum(values, 0)


READINGS: Mapping[str, Reading] = {"": positive, "_abs": np.abs}
"""Evidence for the class, and evidence of either sign, by the suffix of their columns."""


def densities(values: NDArray[Any], tokens: Tokens, reading: Reading = positive) -> Floats:
    """Evidence per second of each token `(lead, span)`; rounding breaks no ties."""
    found = tokens.sums(reading(np.asarray(values, np.float64))) / tokens.seconds
    top = np.abs(found).max(initial=0.0)
    return np.asarray(np.round(found / top, DIGITS) * top if top > 0 else found)


def masses(values: NDArray[Any], tokens: Tokens) -> Floats:
    """Seconds x |weight| of each token `(lead, span)`, as the toolkit before us scores them."""
    return tokens.sums(np.abs(np.asarray(values, np.float64)))


def members(scores: Floats, k: int) -> Floats:
    """Membership of each token in the `k` highest; those tied at the edge share what is left."""
    flat = scores.ravel()
    if k >= len(flat):
        return np.ones(scores.shape)
    edge = np.partition(flat, len(flat) - k)[len(flat) - k] if k > 0 else np.inf
    above, tied = scores > edge, scores == edge
    return np.asarray(above + tied * ((k - above.sum()) / max(1, tied.sum())))


@dataclass(frozen=True)
class Aim:
    """How tokens that are claimed rank; None where all or none are.

    `attauc` is the rank AUC (ties count half), `precision` the share of claimed tokens among the
    `k` highest, `f1` that of as many highest as are claimed, where precision equals recall.
    """

    attauc: float | None
    precision: float | None
    f1: float | None

    @property
    def numbers(self) -> tuple[float | None, ...]:
        return self.attauc, self.precision, self.f1


def aim(scores: Floats, claimed: Bools, k: int, *, permuted: bool = False) -> Aim:
    """Of scores `(lead, span)`; `permuted`: the mean over all permutations of the leads.

    All three are sums over claimed tokens, so that the mean over permutations is that of tokens
    which each have the mean of all leads.
    """
    inside = int(claimed.sum())
    outside = claimed.size - inside
    if not inside or not outside:
        return Aim(None, None, None)
    few = min(k, scores.size)
    ranks = stats.rankdata(scores).reshape(scores.shape)
    grids = [ranks, members(scores, few), members(scores, inside)]
    if permuted:
        grids = [np.broadcast_to(g.mean(0), g.shape) for g in grids]
    rank_sum, top, best = (float(grid[claimed].sum()) for grid in grids)
    auc = (rank_sum - inside * (inside + 1) / 2) / (inside * outside)
    return Aim(auc, top / few, best / inside)


def half_beat_later(values: NDArray[Any], seen: Seen) -> Floats:
    """Cells `(lead, time)` moved by half of the RR interval that they lie in.

    What was at an R peak is then half-way to the next one, and what was there is at that peak; in
    between time is stretched, so that nothing is torn apart. Before the first and after the last
    peak the median interval goes on; what leaves at the end comes in at the start.
    """
    v = np.asarray(values, np.float64)
    peaks = seen.peaks.samples
    step = float(np.median(np.diff(peaks))) if len(peaks) > 1 else float(seen.steps)
    first, last = (float(peaks[0]), float(peaks[-1])) if len(peaks) else (0.0, 0.0)
    before = np.arange(first - step, -2 * step, -step)[::-1]
    after = np.arange(last + step, seen.steps + 2 * step, step)
    beats = np.concatenate([before, peaks if len(peaks) else [0.0], after])
    halves = np.sort(np.concatenate([beats, (beats[1:] + beats[:-1]) / 2]))
    source = np.interp(np.arange(seen.steps), halves[1:], halves[:-1])
    moved: Floats = v[:, np.round(source).astype(np.int64) % seen.steps]
    return moved


def random_maps(seen: Seen, count: int, seed: int, width: float = 0.25) -> Floats:
    """Explanations `(map, lead, time)` that say nothing: normal weights of leads x 0.25 s."""
    step = max(1, round(width * seen.rate))
    pieces = -(-seen.steps // step)
    drawn = np.random.default_rng(seed).normal(size=(count, len(seen.leads), pieces))
    return np.asarray(np.repeat(drawn, step, axis=2)[..., : seen.steps])


@dataclass(frozen=True)
class Plausibility:
    """Of a record whose tokens are claimed, `levels` by name (`strict`, `lenient`, or `truth`).

    Nulls that no explanation enters are worked out once for all methods.
    """

    seen: Seen
    tokens: Tokens
    levels: Mapping[str, Bools]
    k: int = 20
    randoms: int = 20
    seed: int = 0

    def row(self, values: NDArray[Any], other: NDArray[Any] | None = None) -> Row:
        """Columns `<level>_<metric>` and, for each null, `<level>_<metric>_<null>`.

        Evidence of either sign is told by `<level>_attauc_abs` alone. `other (lead, time)` is the
        explanation of another record; None where there is none.
        """
        found: Row = {f"{level}_share": self._share(level) for level in self.levels}
        maps = {"": values, "shifted": half_beat_later(values, self.seen), "other": other}
        for suffix, reading in READINGS.items():
            scores = {n: self._score(v, reading) for n, v in maps.items() if v is not None}
            for level in self.levels:
                aims = {name: self._aim(s, level) for name, s in scores.items()}
                aims["leads"] = self._aim(scores[""], level, permuted=True)
                aims["random"] = self._random[suffix, level]
                found |= _columns(aims, level, suffix)
        return found

    def _share(self, level: str) -> float | None:
        return float(self.levels[level].mean()) if self.tokens.count else None

    def _score(self, values: NDArray[Any], reading: Reading) -> Floats:
        return densities(values, self.tokens, reading)

    def _aim(self, scores: Floats, level: str, *, permuted: bool = False) -> Aim:
        return aim(scores, self.levels[level], self.k, permuted=permuted)

    @cached_property
    def _random(self) -> dict[tuple[str, str], Aim]:
        """The mean over random explanations, for each reading and level."""
        maps = random_maps(self.seen, self.randoms, self.seed)
        found = {}
        for suffix, reading in READINGS.items():
            scores = [self._score(one, reading) for one in maps]
            for level in self.levels:
                found[suffix, level] = _mean([self._aim(s, level) for s in scores])
        return found


def _columns(aims: Mapping[str, Aim], level: str, suffix: str) -> Row:
    """What an explanation and its nulls reach at one level, by the names of their columns."""
    unknown = Aim(None, None, None)
    return {
        f"{level}_{metric}{suffix}" + (f"_{null}" if null else ""): value
        for null in ("", *NULLS)
        for metric, value in zip(METRICS, aims.get(null, unknown).numbers, strict=True)
        if not suffix or metric == METRICS[0]
    }


def _mean(aims: list[Aim]) -> Aim:
    columns = zip(*(one.numbers for one in aims), strict=True)
    known = [[v for v in column if v is not None] for column in columns]
    return Aim(*(float(np.mean(column)) if column else None for column in known))
