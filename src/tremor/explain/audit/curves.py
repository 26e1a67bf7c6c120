"""Deletion and insertion: how the score falls when parts go in the order that a map gives.

Parts of the highest credit per area go first (most relevant first), or last (least relevant first),
in steps of equal area. Inserting the most relevant first into the background is the second curve
read backwards, and costs nothing more. Parts of equal credit go together, so that an order which
the map does not give is not made up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.audit.cut import FLAT, Cut, flat


@dataclass(frozen=True)
class Curve:
    """Scores `(point,)` after deleting the shares of area `fractions (point,)`, from 0 to 1."""

    fractions: Tensor
    scores: Tensor

    @property
    def area(self) -> float:
        """The mean score over all fractions (trapezoids)."""
        return float(torch.trapezoid(self.scores, self.fractions))

    def at(self, fractions: Tensor) -> Tensor:
        """Scores between the points, for figures and means over records."""
        found = np.interp(fractions.numpy(), self.fractions.numpy(), self.scores.numpy())
        return torch.from_numpy(found)


@dataclass(frozen=True)
class Curves:
    """Of one record with one fill. Random orders come in pairs, each followed by its reverse."""

    most_first: Curve
    least_first: Curve
    random: tuple[Curve, ...]
    evaluations: int

    @property
    def full(self) -> float:
        return float(self.most_first.scores[0])

    @property
    def empty(self) -> float:
        return float(self.most_first.scores[-1])

    @property
    def insertion(self) -> Curve:
        """Scores after inserting shares of area into the background, most relevant first."""
        least = self.least_first
        return Curve(1 - least.fractions.flip(0), least.scores.flip(0))

    @property
    def scale(self) -> float | None:
        """|full - empty|, the unit of the ratios; None where there is nothing to divide by."""
        scores = torch.cat([c.scores for c in (self.most_first, self.least_first, *self.random)])
        gain = abs(self.full - self.empty)
        return None if flat(scores) or gain <= FLAT * float(scores.abs().max()) else gain

    @property
    def delta(self) -> float:
        """Area under least relevant first, less that under most relevant first."""
        return self.least_first.area - self.most_first.area

    @property
    def random_deltas(self) -> Tensor:
        """The same of each random order `(order,)`: what a map with nothing to say reaches."""
        areas = torch.tensor([curve.area for curve in self.random], dtype=torch.float64).view(-1, 2)
        apart = areas[:, 1] - areas[:, 0]
        return torch.stack([apart, -apart], 1).flatten()

    @property
    def random_area(self) -> float:
        """Mean area of the random orders."""
        return float(np.mean([curve.area for curve in self.random]))

    @property
    def beaten(self) -> float | None:
        """Share of random orders with a smaller `delta`, ties counted half.

        None where nothing changes the score.
        """
        if self.scale is None:
            return None
        over = self.delta - self.random_deltas
        return float(((over.sign() + 1) / 2).mean())


@dataclass(frozen=True)
class Deletion:
    """`steps` of equal area, `orders` at random (an even number), drawn on the CPU.

    Take another `seed` for each record: random orders of one seed are alike where parts are.
    """

    steps: int = 20
    orders: int = 20
    seed: int = 0

    def __call__(self, parts: Cut, attribution: Tensor) -> Curves:
        """The curves of a map `(*cells)`."""
        return self.several(parts, [attribution])[0]

    def several(self, parts: Cut, attributions: Sequence[Tensor]) -> list[Curves]:
        """Of maps of one record, in one go: random orders, and equal masks, are scored once."""
        if self.steps < 1 or self.orders < 2 or self.orders % 2:
            fault = f"{self.steps} steps, {self.orders} random orders"
            raise Refused(fault, "audit", "1 step or more, and an even number of orders from 2")
        ranks = self._drawn(parts.count)
        for attribution in attributions:
            ranked = _ranked(parts.credits(attribution) / parts.area)
            ranks += [ranked, _reverse(ranked)]
        ways = [_way(rank, parts.area, self.steps) for rank in ranks]
        masks, place = torch.cat([kept for _, kept in ways]).unique(dim=0, return_inverse=True)
        scores = parts.worth(masks)[place].split([len(kept) for _, kept in ways])
        found = [Curve(f, s) for (f, _), s in zip(ways, scores, strict=True)]
        random, own = tuple(found[: self.orders]), found[self.orders :]
        spent = len(masks) * parts.cost
        return [Curves(m, n, random, spent) for m, n in zip(own[::2], own[1::2], strict=True)]

    def _drawn(self, count: int) -> list[Tensor]:
        generator = torch.Generator().manual_seed(self.seed)
        drawn = [torch.randperm(count, generator=generator) for _ in range(self.orders // 2)]
        return [rank for one in drawn for rank in (one, _reverse(one))]


def mean_at(curves: Sequence[Curve], fractions: Tensor) -> Tensor:
    """The mean of curves at common fractions."""
    return torch.stack([curve.at(fractions) for curve in curves]).mean(0)


def _ranked(density: Tensor) -> Tensor:
    """0 for the highest, 1 for the next …; those equal in float32 share a rank."""
    ranks: Tensor = (-density.float()).unique(return_inverse=True)[1]
    return ranks


def _reverse(rank: Tensor) -> Tensor:
    return rank.max() - rank


def _way(rank: Tensor, area: Tensor, steps: int) -> tuple[Tensor, Tensor]:
    """Shares of area deleted `(point,)`, nearest to equal steps, and parts left `(point, part)`."""
    each = torch.zeros(int(rank.max()) + 1, dtype=torch.float64).index_add_(0, rank, area)
    reached = torch.cat([torch.zeros(1, dtype=torch.float64), each.cumsum(0) / each.sum()])
    reached[-1] = 1.0
    wanted = torch.linspace(0, 1, steps + 1, dtype=torch.float64)
    stops = (reached - wanted[:, None]).abs().argmin(1).unique()
    return reached[stops], rank >= stops[:, None]
