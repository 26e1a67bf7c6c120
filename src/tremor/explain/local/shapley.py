"""Exact Shapley values of games that are played piece by piece: what samplers are judged against.

Such a game is a sum over stretches of the record, and so are its Shapley values. In the game of a
stretch only the few players that it sees count, and their coalitions can all be looked at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.audit.similarity import spearman
from tremor.explain.estimate import Estimate
from tremor.explain.estimators.enumeration import MOST, Enumeration, coalitions, shares
from tremor.explain.game import Game, Masked
from tremor.explain.levels import Levels, grouped
from tremor.explain.local.stretches import stretch
from tremor.explain.local.worth import Job, LocalWorth

REMEDY = "explainer=leverage, or the leads of one window at a time"


@dataclass(frozen=True)
class LocalShapley:
    """Exact for any number of players, if 12 or fewer are seen from any step of the record."""

    def __call__(self, game: Game) -> Estimate:
        local = _local(game)
        before, count = local.computed, game.players.count
        seen = [torch.from_numpy(local.layout.players(*atom)) for atom in local.layout.atoms]
        most = max(map(len, seen))
        if most > MOST:
            fault = f"{most} players are seen from one place: 2^{most} coalitions"
            raise Refused(fault, "explainer", REMEDY)
        jobs = [
            _every(local, atom, own, count)
            for atom, own in zip(local.layout.atoms, seen, strict=True)
        ]
        values = torch.zeros(count, dtype=torch.float64)
        for own, sums in zip(seen, local.sums(jobs), strict=True):
            worth = torch.from_numpy(sums)
            values[own] += shares(coalitions(len(own))).T @ (worth - worth[0])
        game.evaluations += math.ceil((local.computed - before) * game.cost)
        return Estimate.singly(values, torch.zeros_like(values))


def exact_leads(game: Game, windows: Sequence[int]) -> Tensor:
    """Shapley values `(window, lead)` of the leads within each window, all else being there.

    The game is of leads by windows; 12 leads are 4,096 coalitions a window.
    """
    levels = Levels.of(game)
    found = [Enumeration()(grouped(game, levels.within(window))).values for window in windows]
    return torch.stack(found)


@dataclass(frozen=True)
class Judged:
    """How near credits are to exact ones: in rank, and in size relative to the exact ones.

    Each is None where it is not defined: of equal credits, of nothing but zeros.
    """

    spearman: float | None
    relative_l2: float | None


def judged(found: Tensor, exact: Tensor) -> Judged:
    """Credits of one shape, `found` by a sampler and `exact`."""
    if found.shape != exact.shape:
        fault = f"credits of shapes {tuple(found.shape)} and {tuple(exact.shape)}"
        raise Refused(fault, "explainer", "credits of the same players")
    found, exact = (x.detach().cpu().double().flatten() for x in (found, exact))
    size = float(exact.norm())
    return Judged(spearman(found, exact), float((found - exact).norm()) / size if size else None)


def _local(game: Game) -> LocalWorth:
    worth = game.worth
    if not isinstance(worth, Masked) or worth.local is None:
        fault = "this game is not a sum over stretches of the record"
        raise Refused(fault, "explainer", REMEDY)
    return worth.local


def _every(local: LocalWorth, atom: tuple[int, int], own: Tensor, count: int) -> Job:
    """All coalitions of the players that a stretch sees, without any other."""
    few = coalitions(len(own))
    kept = torch.zeros(len(few), count, dtype=torch.bool)
    kept[:, own] = few
    masks = kept.numpy()
    return Job(stretch(local.layout, masks, local.known, *atom), masks)
