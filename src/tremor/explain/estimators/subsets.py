"""Pairs of coalitions, a size at a time, drawn without replacement."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

LISTED = 20_000  # coalitions of a size that are listed to draw from, rather than drawn at random


@dataclass(frozen=True)
class Stratum:
    """Coalitions of one size, each standing for itself and its complement.

    `weight` is that of each in the regression, `unseen` the share of the size that was not drawn.
    """

    masks: Tensor  # (pair, player)
    weight: Tensor  # ()
    unseen: Tensor  # ()


def available(n: int) -> list[int]:
    """How many pairs there are of sizes 1, 2, … up to half of n players."""
    counts = [math.comb(n, s) for s in range(1, n // 2 + 1)]
    return [c // 2 if 2 * s == n else c for s, c in enumerate(counts, 1)]


def pairs(n: int, total: int) -> list[int]:
    """How many pairs of each size to draw: shares by leverage, sizes that run out complete.

    Leverage is even over sizes, and pairs of half the players have but one.
    """
    counts = available(n)
    partly = [*range(len(counts))]
    while partly:
        left = total - sum(counts[k] for k in range(len(counts)) if k not in partly)
        weights = {k: 0.5 if 2 * (k + 1) == n else 1.0 for k in partly}
        shares = {k: left * weight / sum(weights.values()) for k, weight in weights.items()}
        rest = [k for k in partly if shares[k] < counts[k]]
        if len(rest) == len(partly):
            return _rounded(counts, shares, left)
        partly = rest
    return counts


def draw(n: int, wanted: list[int], seed: int) -> list[Stratum]:
    """So many pairs of each size, all different, drawn again until they tell all players apart."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        strata = _drawn(n, wanted, generator)
        masks = torch.cat([s.masks for s in strata]).double()
        if torch.linalg.matrix_rank(masks - masks.mean(1, keepdim=True)) == n - 1:
            return strata


def _drawn(n: int, wanted: list[int], generator: torch.Generator) -> list[Stratum]:
    strata = []
    for size, (many, count) in enumerate(zip(wanted, available(n), strict=True), 1):
        masks = _halves(n, many, generator) if 2 * size == n else _some(n, size, many, generator)
        both = count / math.comb(n, size)  # a pair of half the players is of one size
        weight, unseen = both * (n - 1) / (size * (n - size) * many), 1 - many / count
        strata.append(Stratum(masks, _number(weight), _number(unseen)))
    return strata or [Stratum(torch.zeros(0, n, dtype=torch.bool), _number(1), _number(0))]


def _rounded(counts: list[int], shares: dict[int, float], total: int) -> list[int]:
    """Whole numbers of at least one near the shares, the largest remainders up, sum kept."""
    down = {k: max(1, math.floor(share)) for k, share in shares.items()}
    order = sorted(shares, key=lambda k: (math.floor(shares[k]) - shares[k], k))
    for k in order[: max(0, total - sum(down.values()))]:
        down[k] += 1
    return [down.get(k, many) for k, many in enumerate(counts)]


def _halves(n: int, many: int, generator: torch.Generator) -> Tensor:
    """Coalitions of half the players, the first player in each: no two are complements."""
    others = _some(n - 1, n // 2 - 1, many, generator)
    return torch.cat([torch.ones(many, 1, dtype=torch.bool), others], 1)


def _some(n: int, size: int, many: int, generator: torch.Generator) -> Tensor:
    """So many different coalitions of a size."""
    if math.comb(n, size) <= LISTED:
        members = torch.tensor([*combinations(range(n), size)], dtype=torch.int64)
        chosen = torch.randperm(len(members), generator=generator)[:many]
        return _masks(members[chosen], n)
    kept: dict[bytes, Tensor] = {}
    while len(kept) < many:
        drawn = torch.rand(2 * many, n, generator=generator).topk(size).indices
        masks = _masks(drawn, n)
        kept |= {row.numpy().tobytes(): row for row in masks[: 2 * (many - len(kept))]}
    return torch.stack(list(kept.values())[:many])


def _masks(members: Tensor, n: int) -> Tensor:
    return torch.zeros(len(members), n, dtype=torch.bool).scatter_(1, members, True)


def _number(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)
