"""Shapley values from every coalition."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.estimate import Estimate
from tremor.explain.game import Game

MOST = 12


@dataclass(frozen=True)
class Enumeration:
    """Exact, for 12 players or fewer: 4,096 coalitions."""

    def __call__(self, game: Game) -> Estimate:
        n = game.players.count
        if n > MOST:
            fault = f"{n} players have 2^{n} coalitions"
            raise Refused(fault, "explainer", f"{MOST} players or fewer, or the leverage estimator")
        masks = coalitions(n)
        inner = game(masks[1:-1])
        worth = torch.tensor([game.empty, *inner.tolist(), game.full], dtype=torch.float64)
        values = shares(masks).T @ (worth - game.empty)
        return Estimate.singly(values, torch.zeros_like(values))


def coalitions(n: int) -> Tensor:
    """All masks `(2^n, n)`, the empty coalition first and the full one last."""
    return (torch.arange(2**n)[:, None] >> torch.arange(n) & 1).bool()


def shares(masks: Tensor) -> Tensor:
    """`(coalition, player)`: how each worth counts in each Shapley value."""
    n = masks.shape[1]
    chance = [1 / (n * math.comb(n - 1, s)) for s in range(n)]  # of joining s others
    joined = torch.tensor([0.0, *chance], dtype=torch.float64)
    before = torch.tensor([*chance, 0.0], dtype=torch.float64)
    size = masks.sum(1)
    return torch.where(masks, joined[size][:, None], -before[size][:, None])
