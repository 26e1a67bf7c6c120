"""What is lost when one player is absent."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from tremor.explain.estimate import Estimate
from tremor.explain.game import Game

ROUND = 1024


@dataclass(frozen=True)
class Occlusion:
    """Full worth less the worth without each player: exact as such, but it need not add up."""

    def __call__(self, game: Game) -> Estimate:
        each = torch.arange(game.players.count)
        left = torch.cat([game(each != absent[:, None]) for absent in each.split(ROUND)])
        values = game.full - left
        return Estimate.singly(values, None, complete=False)
