"""Levels of one game: windows, leads, and cells of both, as groups of its players.

One game of a record is enough: whatever is asked of it, its masks are those of single cells, most
of which stay as they are where one window is looked into.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.estimate import Estimate
from tremor.explain.game import Game
from tremor.explain.players import Players


@dataclass(frozen=True)
class Levels:
    """A game whose players lie on a grid: components (leads) by windows of whatever else there is.

    `lead` and `window` number those of each player `(player,)`.
    """

    game: Game
    lead: Tensor
    window: Tensor

    @classmethod
    def of(cls, game: Game) -> Levels:
        _, windows = cls.sizes(game.players.grid)
        places = torch.arange(game.players.count)
        return cls(game, places // windows, places % windows)

    @staticmethod
    def sizes(grid: tuple[int, ...]) -> tuple[int, int]:
        """How many leads and windows players on a grid make."""
        leads, windows = grid[0], math.prod(grid[1:])
        if windows < 2:
            fault = f"players on a grid {grid} make no windows"
            raise Refused(fault, "explainer.players", "explainer.players=tiles or windows")
        return leads, windows

    @property
    def leads(self) -> int:
        return int(self.lead.max()) + 1

    @property
    def windows(self) -> int:
        return int(self.window.max()) + 1

    def within(self, window: int) -> Tensor:
        """Groups `(player,)`: the leads of one window; all else is always there."""
        return torch.where(self.window == window, self.lead, -1)


def grouped(game: Game, group: Tensor) -> Game:
    """Groups of a game's players as players: `group (player,)`; those of -1 are always there."""
    count = int(group.max()) + 1
    numbers = torch.arange(count)[None]

    def expanded(masks: Tensor) -> Tensor:
        return torch.cat([masks, torch.ones(len(masks), 1, dtype=torch.bool)], 1)[:, group]

    nobody = torch.zeros(1, count, dtype=torch.bool)
    empty = game.empty if int(group.min()) >= 0 else float(game(expanded(nobody))[0])
    players = Players(numbers, (count,), ((0,),))
    return Game(lambda masks: game(expanded(masks)), players, empty, game.full, game.cost)


def spread(game: Game, group: Tensor, values: Tensor) -> Tensor:
    """Values of groups `(group,)` for the game's players, by their cells; those of -1 get none."""
    sizes = game.players.sizes.double()
    member = group >= 0
    total = torch.zeros(len(values), dtype=torch.float64)
    total.index_add_(0, group[member], sizes[member])
    each = torch.zeros(len(group), dtype=torch.float64)
    each[member] = (values / total.clamp(min=1))[group[member]] * sizes[member]
    return each


def laid(game: Game, group: Tensor, found: Estimate) -> Estimate:
    """An estimate of groups `(player,)` that hold every player, for the game's own players."""
    return Estimate(
        spread(game, group, found.values),
        None if found.errors is None else spread(game, group, found.errors),
        found.leaf[group],
        found.freedom,
        found.complete,
        trust=found.trust,
        note=found.note,
    )


def highest(values: Tensor, most: int | None) -> Tensor:
    """The places of the so many largest magnitudes, the first of equals first; null takes all."""
    order = torch.argsort(values.abs(), descending=True, stable=True)
    return order[: len(order) if most is None else most]


def distinct(group: Tensor) -> Tensor:
    """The same groups `(player,)`, numbered from 0 without gaps."""
    found: Tensor = group.unique(return_inverse=True)[1]
    return found
