"""Links: what of a score is shared out, each a function of scores `(coalition,)`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from tremor.explain.game import Game


class Link(Protocol):
    """From scores to what is shared out."""

    def __call__(self, scores: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Logit:
    """The score itself, a logit: evidence adds up in it."""

    def __call__(self, scores: Tensor) -> Tensor:
        return scores


@dataclass(frozen=True)
class Probability:
    """That of a class that may stand beside others (or, for a contrast, of the first of two)."""

    def __call__(self, scores: Tensor) -> Tensor:
        return scores.sigmoid()


def linked(game: Game, link: Link) -> Game:
    """The same game, its worth seen through a link."""
    ends = link(torch.tensor([game.empty, game.full], dtype=torch.float64))
    worth, (empty, full) = game.worth, ends.tolist()
    return replace(
        game, worth=lambda masks: link(worth(masks).cpu().double()), empty=empty, full=full
    )
