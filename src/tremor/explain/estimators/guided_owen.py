"""Owen values of what the network's slopes leave unexplained, and the slopes' own credits.

A budget of a few hundred coalitions tells a few hundred boxes apart; within them, `owen` spreads
credit evenly. A gradient tells all players apart at once, but only roughly. So the worth less a sum
of roughly right credits, one for each player, is what `owen` is asked to explain: a sum has no
interactions and its credits are exact, so that adding them again leaves credits complete, unbiased
for each leaf, and on the way to the same Owen values. Roughly right credits are mean gradients at
inputs of which every player is kept by a share of its own, drawn evenly from 0 to 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.estimate import Estimate
from tremor.explain.estimators.owen import Owen
from tremor.explain.game import Game, Masked
from tremor.explain.slope import Slope

PRICE = 3  # evaluations that a gradient is counted as: forward, and backward at twice that
PART = 4  # gradients take a quarter of the budget at most


@dataclass(frozen=True)
class GuidedOwen:
    """As `Owen`, with `draws` gradients; `leaf` is what coalitions told apart.

    Values differ within a leaf by what the slopes say; errors are those of each leaf's credit,
    spread evenly.
    """

    budget: int = 2000
    orderings: int | None = None
    seed: int = 0
    split_at_once: int = 16
    draws: int = 64

    def __call__(self, game: Game) -> Estimate:
        worth = game.worth
        if not isinstance(worth, Masked):
            fault = "this game has no gradients: it is a function of coalitions alone"
            raise Refused(fault, "explainer", "explainer=owen")
        price = PRICE * len(worth.backgrounds)
        pairs = max(1, min(self.draws // 2, self.budget // (2 * PART * price)))
        known = self._slopes(worth, game.players.count, pairs)
        game.evaluations += 2 * pairs * price
        left = self.budget - 2 * pairs * price // game.cost
        owen = Owen(left, self.orderings, self.seed, self.split_at_once)
        rest = owen(_without(game, known))
        return replace(rest, values=rest.values + known)

    def _slopes(self, worth: Masked, players: int, pairs: int) -> Tensor:
        """Mean credits `(player,)`; shares kept come in pairs that add up to 1."""
        generator = torch.Generator().manual_seed(self.seed)
        slope = Slope(worth.predict, worth.weights, worth.batch)
        labels = worth.labels.cpu().flatten()
        total = torch.zeros(players, dtype=torch.float64)
        for _ in range(pairs):
            share = torch.rand(players, generator=generator)
            for kept in (share, 1 - share):
                credit = _credits(slope, worth, kept).flatten()
                total.index_add_(0, labels, credit)
        return total / (2 * pairs)


def _credits(slope: Slope, worth: Masked, kept: Tensor) -> Tensor:
    """Slope times way from background to record for each cell `(…)`, averaged over backgrounds."""
    way = worth.record - worth.backgrounds
    inputs = worth.backgrounds + kept.to(worth.record)[worth.labels] * way
    return (slope(inputs)[1] * way.cpu().double()).mean(0)


def _without(game: Game, known: Tensor) -> Game:
    """The game less what credits `known (player,)` say that a coalition is worth."""

    def worth(masks: Tensor) -> Tensor:
        return game(masks) - masks.double() @ known

    full = game.full - float(known.sum())
    return Game(worth, game.players, game.empty, full, game.cost)
