"""The levels of TimeSHAP: what the players are. Each gives credits that add up to the gain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from tremor.explain.calls import told
from tremor.explain.estimate import Estimate
from tremor.explain.game import Game
from tremor.explain.levels import Levels, distinct, grouped, highest, laid

PILOT = 0.2  # share of the coalitions that chooses windows (and leads) to look into


@dataclass(frozen=True)
class Sampler:
    """Shapley values by an estimator, of groups of a game's players, with a record's seed."""

    make: Callable[..., object]
    seed: int

    def least(self, players: int) -> int:
        """The fewest coalitions that tell so many players apart."""
        return int(told(self.make, budget=1, seed=0).least(players))

    def __call__(self, game: Game, group: Tensor, coalitions: int) -> Estimate:
        part = grouped(game, group)
        enough = max(coalitions, self.least(part.players.count))
        found: Estimate = told(self.make, budget=enough, seed=self.seed)(part)
        return found


class Level(Protocol):
    """Credits of one level, for the players of the game, within so many coalitions."""

    def __call__(self, levels: Levels, sample: Sampler, coalitions: int) -> Estimate: ...

    def least(self, leads: int, windows: int, sample: Sampler) -> int:
        """The fewest coalitions for so many leads and windows."""
        ...


@dataclass(frozen=True)
class Events:
    """Windows, over all leads."""

    def __call__(self, levels: Levels, sample: Sampler, coalitions: int) -> Estimate:
        group = levels.window
        return laid(levels.game, group, sample(levels.game, group, coalitions))

    def least(self, leads: int, windows: int, sample: Sampler) -> int:
        return sample.least(windows)


@dataclass(frozen=True)
class Features:
    """Leads, over all times."""

    def __call__(self, levels: Levels, sample: Sampler, coalitions: int) -> Estimate:
        group = levels.lead
        return laid(levels.game, group, sample(levels.game, group, coalitions))

    def least(self, leads: int, windows: int, sample: Sampler) -> int:
        return sample.least(leads)


@dataclass(frozen=True)
class Cells:
    """Each lead in each of the foremost windows; of all other windows each is one player.

    So time is told apart everywhere, and leads where it counts; and where networks see a bounded
    piece of time, most of a record needs no second look.
    """

    events: int = 5

    def __call__(self, levels: Levels, sample: Sampler, coalitions: int) -> Estimate:
        game, pilot = levels.game, int(PILOT * coalitions)
        top = highest(sample(game, levels.window, pilot).values, self.events)
        inside = (levels.window[:, None] == top).any(1)
        cells = torch.where(inside, 1 + levels.lead, 0)
        group = distinct(levels.window * (levels.leads + 1) + cells)
        return laid(game, group, sample(game, group, coalitions - pilot))

    def least(self, leads: int, windows: int, sample: Sampler) -> int:
        top = min(self.events, windows)
        cells = sample.least(top * leads + windows - top)
        return int(max(cells / (1 - PILOT), sample.least(windows) / PILOT)) + 2


@dataclass(frozen=True)
class Crossed:
    """Each of the foremost leads in each of the foremost windows, as the first TimeSHAP has it.

    The rest of each of these windows is one player, and of each of these leads, and all else
    together.
    """

    events: int = 5
    features: int = 5

    def __call__(self, levels: Levels, sample: Sampler, coalitions: int) -> Estimate:
        game, pilot = levels.game, int(PILOT * coalitions) // 2
        windows = highest(sample(game, levels.window, pilot).values, self.events)
        leads = highest(sample(game, levels.lead, pilot).values, self.features)
        group = crossed(_places(levels.window, windows), _places(levels.lead, leads))
        return laid(game, group, sample(game, group, coalitions - 2 * pilot))

    def least(self, leads: int, windows: int, sample: Sampler) -> int:
        cells = sample.least((min(self.events, windows) + 1) * (min(self.features, leads) + 1))
        pilot = max(sample.least(windows), sample.least(leads))
        return int(max(cells / (1 - PILOT), 2 * pilot / PILOT)) + 4


def _places(number: Tensor, chosen: Tensor) -> Tensor:
    """Where the number of each player `(player,)` stands among the chosen; -1 where it does not."""
    where = torch.full((int(number.max()) + 1,), -1)
    where[chosen] = torch.arange(len(chosen))
    return where[number]


def crossed(window: Tensor, lead: Tensor) -> Tensor:
    """Groups `(player,)` of places among chosen windows and leads, -1 being all others."""
    return distinct((window + 1) * (int(lead.max()) + 2) + lead + 1)


def stretches(levels: Levels) -> tuple[Tensor, Tensor]:
    """What all windows before each cut are worth, and all after `(window - 1,)`: Shapley of two."""
    game = grouped(levels.game, levels.window)
    count = game.players.count
    before = torch.arange(count) < torch.arange(1, count)[:, None]
    first, last = game(torch.cat([before, ~before])).chunk(2)
    early = ((first - game.empty) + (game.full - last)) / 2
    return early, game.gain - early
