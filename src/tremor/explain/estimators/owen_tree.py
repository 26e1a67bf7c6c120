"""The tree of halvings of a game's players: boxes in random orderings, and how they are split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tremor.explain.game import Game
from tremor.explain.players import Box

Coalition = tuple[Box, ...]


@dataclass(frozen=True)
class Node:
    """A box in each ordering: the boxes before it, and the worth without and with it.

    `path` is 1 for the whole, then twice the parent's, and one more for the second half.
    """

    box: Box
    path: int
    before: tuple[Coalition, ...]  # of each ordering
    without: NDArray[np.float64]  # (ordering,)
    including: NDArray[np.float64]  # (ordering,)

    @property
    def credit(self) -> NDArray[np.float64]:
        """`(ordering,)`."""
        return self.including - self.without


@dataclass(frozen=True)
class Split:
    """Two halves of a box, and in which orderings the left one comes first."""

    left: Box
    right: Box
    ahead: NDArray[np.bool_]

    def first(self, node: Node) -> list[Coalition]:
        """In each ordering, the boxes before the node and its first half."""
        own = zip(node.before, self.ahead, strict=True)
        return [(*before, self.left if ahead else self.right) for before, ahead in own]

    def children(self, node: Node, middle: NDArray[np.float64]) -> tuple[Node, Node]:
        """`middle (ordering,)` is the worth of what comes before and the first half."""
        return (
            self._child(node, middle, self.left, self.right, self.ahead, 2 * node.path),
            self._child(node, middle, self.right, self.left, ~self.ahead, 2 * node.path + 1),
        )

    @staticmethod
    def _child(
        node: Node,
        middle: NDArray[np.float64],
        box: Box,
        other: Box,
        ahead: NDArray[np.bool_],
        path: int,
    ) -> Node:
        own = zip(node.before, ahead, strict=True)
        before = tuple(b if first else (*b, other) for b, first in own)
        without = np.where(ahead, node.without, middle)
        return Node(box, path, before, without, np.where(ahead, middle, node.including))


def root(game: Game, orderings: int) -> Node:
    """The box of all players, in so many orderings."""
    ends = (np.full(orderings, worth) for worth in (game.empty, game.full))
    return Node(game.players.whole, 1, ((),) * orderings, *ends)
