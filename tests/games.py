"""Games with known answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from tremor.explain.game import Game, Worth
from tremor.explain.players import Box, Players, rectangles, time_windows


def line(n: int) -> Players:
    """Players side by side."""
    return time_windows((1, n), 1)


def field(*shape: int) -> Players:
    """Every cell of a `(component, frequency, time)` input a player."""
    return rectangles(shape, joint=False)


def linear(weights: Tensor, base: float = 0.0) -> Worth:
    return lambda masks: masks.double() @ weights.double() + base


def random_table(n: int, seed: int) -> Worth:
    """Every coalition's worth drawn by itself: interactions of every order."""
    generator = torch.Generator().manual_seed(seed)
    table = torch.randn(2**n, generator=generator, dtype=torch.float64)
    return lambda masks: table[(masks.long() << torch.arange(n)).sum(1)]


@dataclass(frozen=True)
class Multilinear:
    """`Σ m_T Π_{i in T} z_i`: its Shapley values are `Σ_{T with i} m_T / |T|`."""

    members: Tensor  # (term, player)
    weights: Tensor  # (term,)

    @classmethod
    def drawn(cls, n: int, terms: int, order: int, seed: int) -> Multilinear:
        g = torch.Generator().manual_seed(seed)
        members = torch.zeros(terms, n, dtype=torch.float64)
        for row in members:
            size = int(torch.randint(1, order + 1, (1,), generator=g))
            row[torch.randperm(n, generator=g)[:size]] = 1
        return cls(members, torch.randn(terms, generator=g, dtype=torch.float64))

    def __call__(self, masks: Tensor) -> Tensor:
        sizes = self.members.sum(1)
        return (masks.double() @ self.members.T == sizes).double() @ self.weights

    @property
    def shapley(self) -> Tensor:
        return self.members.T @ (self.weights / self.members.sum(1))


def owen(worth: Worth, players: Players) -> Tensor:
    """Owen values by every ordering of the tree of halvings (few players)."""
    orders = torch.tensor(_orders(players, players.whole))
    many, n = orders.shape
    masks = torch.zeros(many, n + 1, n, dtype=torch.bool)
    for step in range(n):
        masks[:, step + 1] = masks[:, step]
        masks[torch.arange(many), step + 1, orders[:, step]] = True
    steps = worth(masks.flatten(0, 1)).view(many, n + 1).diff(dim=1)
    credit = torch.zeros(many, n, dtype=torch.float64).scatter_(1, orders, steps)
    return credit.mean(0)


def _orders(players: Players, box: Box) -> list[list[int]]:
    halves = players.halves(box)
    if halves is None:
        return [players.ids(box).tolist()]
    first, second = (_orders(players, half) for half in halves)
    pairs = [(a, b) for a in first for b in second]
    return [[*a, *b] for a, b in pairs] + [[*b, *a] for a, b in pairs]


def coverage(
    estimator: Callable[[int], Callable[[Game], object]],
    worth: Worth,
    truth: Tensor,
    seeds: int,
) -> float:
    """Share of 95 % intervals, over seeds and players, that hold the truth."""
    held = []
    for seed in range(seeds):
        low, high = estimator(seed)(Game.of(worth, line(len(truth)))).interval(0.95)  # type: ignore[attr-defined]
        held.append((low - 1e-9 <= truth) & (truth <= high + 1e-9))
    return float(torch.stack(held).double().mean())
