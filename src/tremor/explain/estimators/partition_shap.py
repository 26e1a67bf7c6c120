"""The estimate of the shap library's Partition explainer, after its own schedule.

A box in a context (players kept besides it) is split by evaluating the context with each half
alone; each half goes on in two contexts, with and without the other, at half the weight, the
largest weighted differences first. What the budget leaves unsplit is spread evenly. It converges
to the Owen value, but most evaluations go to contexts and few to resolution: `owen` is better.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass
from itertools import count

import torch

from tremor.explain.estimate import Estimate
from tremor.explain.game import Game
from tremor.explain.players import Box, Players

Entry = tuple[float, int, "Piece"]


@dataclass(frozen=True)
class Piece:
    """A box in one context: its weight, and the worth without and with it."""

    box: Box
    context: tuple[Box, ...]
    without: float
    including: float
    weight: float

    @property
    def credit(self) -> float:
        return (self.including - self.without) * self.weight


@dataclass(frozen=True)
class PartitionShap:
    """`budget` as shap's `max_evals`, `masks_at_once` as its `batch_size` (auto is 10).

    Where credits are exactly tied, shap draws lots; here the older piece comes first.
    """

    budget: int = 500
    masks_at_once: int = 10

    def __call__(self, game: Game) -> Estimate:
        players, ages = game.players, count()
        credit: dict[Box, float] = defaultdict(float)
        whole = Piece(players.whole, (), game.empty, game.full, 1.0)
        heap: list[Entry] = [(0.0, next(ages), whole)]
        left = self.budget - 2
        while heap and left > 0:
            pieces = self._next(heap, players, left, credit)
            for child in _split(game, pieces):
                heapq.heappush(heap, (-abs(child.credit), next(ages), child))
            left -= 2 * len(pieces)
        for *_, piece in heap:
            credit[piece.box] += piece.credit
        return _estimate(players, credit)

    def _next(
        self, heap: list[Entry], players: Players, left: int, credit: dict[Box, float]
    ) -> list[Piece]:
        """Pieces to split in one round; single players met on the way are done."""
        pieces: list[Piece] = []
        while heap and 2 * len(pieces) < min(self.masks_at_once, left):
            piece = heapq.heappop(heap)[2]
            if players.halves(piece.box):
                pieces.append(piece)
            else:
                credit[piece.box] += piece.credit
        return pieces


def _split(game: Game, pieces: list[Piece]) -> list[Piece]:
    """Four of each piece: both halves, without and with the other half."""
    halves = [game.players.halves(piece.box) or (piece.box, piece.box) for piece in pieces]
    asked = [(*p.context, half) for p, both in zip(pieces, halves, strict=True) for half in both]
    if not asked:
        return []
    worth = game(game.players.masks(asked)).view(-1, 2).tolist()
    made = []
    for p, (a, b), (with_a, with_b) in zip(pieces, halves, worth, strict=True):
        weight = p.weight / 2
        made += [
            Piece(a, p.context, p.without, with_a, weight),
            Piece(b, p.context, p.without, with_b, weight),
            Piece(a, (*p.context, b), with_b, p.including, weight),
            Piece(b, (*p.context, a), with_a, p.including, weight),
        ]
    return made


def _estimate(players: Players, credit: dict[Box, float]) -> Estimate:
    """Each box's credit spread evenly; a leaf is the smallest box with credit of its own."""
    values = torch.zeros(players.count, dtype=torch.float64)
    leaf = torch.zeros(players.count, dtype=torch.int64)
    for number, box in enumerate(sorted(credit, key=lambda box: -box.size)):
        ids = players.ids(box)
        values[ids] += credit[box] / box.size
        leaf[ids] = number
    return Estimate(values, None, leaf.unique(return_inverse=True)[1])
