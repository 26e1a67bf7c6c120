"""What each player is worth all alone."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from tremor.explain.estimate import Estimate
from tremor.explain.game import Game


@dataclass(frozen=True)
class Alone:
    """The worth of each player by itself, less that of nobody, times `scale`."""

    scale: float = 1.0

    def __call__(self, game: Game) -> Estimate:
        """Credits `(player,)`, which need not add up."""
        each = torch.eye(game.players.count, dtype=torch.bool)
        return Estimate.singly(self.scale * (game(each) - game.empty), None, complete=False)
