"""The shap library's own Partition explainer on our game and our tree of halvings.

Its image masker is left out: that remembers a blurred picture by its address in memory, and can
give the next record the last one's. Here the game fills, and shap sees masks only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tremor.explain.estimate import Estimate
from tremor.explain.estimators.shap_library import seeded, shap, worth
from tremor.explain.game import Game
from tremor.explain.players import Box, Players


@dataclass(frozen=True)
class ShapPartition:
    """`budget` is shap's `max_evals`, `masks_at_once` its `batch_size` (auto is 10).

    It draws lots, by `seed`, where credits are exactly tied.
    """

    budget: int = 500
    seed: int = 0
    masks_at_once: int = 10

    def __call__(self, game: Game) -> Estimate:
        players, whole = game.players, np.ones((1, game.players.count))
        asked = Asked(worth(game))
        explainer = shap().explainers.Partition(asked, Masks(players))
        with seeded(self.seed):
            found = explainer(
                whole, max_evals=self.budget, batch_size=self.masks_at_once, silent=True
            )
        values = torch.from_numpy(found.values[0])
        return Estimate(values, None, _leaf(players, asked.split))


class Masks:
    """What shap calls a masker: it hands the masks on, with the tree to split them by."""

    def __init__(self, players: Players):
        self.shape = (1, players.count)
        self.clustering = tree(players)

    def __call__(self, mask: NDArray[np.bool_], _: Any) -> NDArray[np.bool_]:
        return mask[None]


@dataclass
class Asked:
    """Worth, and between the lines which boxes were split: masks come in pairs, a half each."""

    worth: Callable[[NDArray[Any]], NDArray[np.float64]]
    split: set[tuple[int, int]] = field(default_factory=set)  # first player and size of the box

    def __call__(self, masks: NDArray[np.bool_]) -> NDArray[np.float64]:
        if len(masks) > 1:
            boxes = masks[::2] ^ masks[1::2]
            self.split |= set(zip(boxes.argmax(1).tolist(), boxes.sum(1).tolist(), strict=True))
        return self.worth(masks)


def tree(players: Players) -> NDArray[np.float64]:
    """The tree of halvings `(halving, 4)` as SciPy has clusterings: left, right, distance, size."""
    rows: list[tuple[float, ...]] = []

    def number(box: Box) -> int:
        halves = players.halves(box)
        if halves is None:
            return int(players.ids(box))
        left, right = map(number, halves)
        rows.append((left, right, box.size, box.size))
        return players.count + len(rows) - 1

    number(players.whole)
    return np.array(rows).reshape(-1, 4)


def _leaf(players: Players, split: set[tuple[int, int]]) -> Tensor:
    """The smallest boxes that were told apart, numbered."""
    leaf = torch.zeros(players.count, dtype=torch.int64)
    boxes, done = [players.whole], 0
    while boxes:
        box = boxes.pop()
        ids, halves = players.ids(box), players.halves(box)
        if halves and (int(ids[0]), box.size) in split:
            boxes += halves
        else:
            leaf[ids] = done
            done += 1
    return leaf
