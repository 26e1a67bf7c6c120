"""Owen values by random orderings of the tree of halvings, grown where credit is.

An ordering flips a coin at each box for which half comes first. Splitting a box costs one
coalition per ordering, the players before it and its first half; both halves then get exact
differences, so credits add up at any size of the tree. Every second ordering is the one before it
with every coin turned: such a pair is exact for interactions of up to two players.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

from tremor.errors import Refused
from tremor.explain.estimate import Estimate
from tremor.explain.estimators.owen_tree import Coalition, Node, Split, root
from tremor.explain.game import Game
from tremor.explain.players import Players

PILOT = 4  # orderings that tell signal from noise
ORDERINGS = "explainer.method.estimator.orderings"
GRAIN = 1e-6  # of the score: credits closer than this are tied, so that rounding decides nothing


@dataclass(frozen=True)
class Owen:
    """At most `budget` coalitions, in `orderings` (an even number) or more, if all fit.

    None looks for the number of orderings with the least error: a sixteenth of the budget's splits
    in four orderings tell signal from noise. Standard errors come from pairs of orderings: None for
    one pair. Intervals of 95 % were seen to cover 83 to 90 % with 8 orderings, 91 to 94 % with 16
    or more. They tell how well the credit of each leaf is known, not how it is spread within.
    """

    budget: int = 2000
    orderings: int | None = None
    seed: int = 0
    split_at_once: int = 16

    def __call__(self, game: Game) -> Estimate:
        if self.orderings is not None and (self.orderings < 2 or self.orderings % 2):
            fault = f"{self.orderings} orderings cannot be paired"
            raise Refused(fault, ORDERINGS, f"{ORDERINGS}=4")
        asked = Asked(game, self.budget - 2)
        leaves = self._grow(asked, self._enough(asked), asked.left)[0]
        return _estimate(game.players, leaves)

    def _enough(self, asked: Asked) -> int:
        """Orderings: more than asked for where the budget splits down to every player."""
        every = max(asked.game.players.count - 1, 1)
        most = 2 * (asked.left // (2 * every))
        if self.orderings is not None:
            return max(self.orderings, most)
        if most >= PILOT:
            return most
        details = self._grow(asked, PILOT, self.budget // 16)[1]
        return _best(details, self.budget - 2, every)

    def _grow(self, asked: Asked, orderings: int, most: int) -> tuple[list[Node], list[Detail]]:
        """The leaves of a tree that is split where the mean absolute credit is largest.

        Also what told the halves of each split apart, `most` splits at the utmost.
        """
        grain = GRAIN * (max(abs(asked.game.empty), abs(asked.game.full)) or 1.0)
        done: list[Node] = []
        details: list[Detail] = []
        heap: list[tuple[float, int, Node]] = []
        new = [root(asked.game, orderings)]
        while new:
            done += [node for node in new if node.box.size == 1]
            for node in new:
                if node.box.size > 1:
                    heapq.heappush(heap, _entry(node, grain))
            least = min(asked.left // orderings, most - len(details))
            many = min(self.split_at_once, least, (len(heap) + 1) // 2)
            parents = [heapq.heappop(heap)[2] for _ in range(many)]
            new = self._split(asked, parents)
            details += [Detail.of(a, b) for a, b in zip(new[::2], new[1::2], strict=True)]
        return done + [node for *_, node in heap], details

    def _split(self, asked: Asked, nodes: list[Node]) -> list[Node]:
        """Both halves of each node."""
        splits = [self._ordered(asked.game.players, node) for node in nodes]
        coalitions = [c for n, s in zip(nodes, splits, strict=True) for c in s.first(n)]
        middles = np.split(asked(coalitions), len(nodes)) if nodes else []
        each = zip(nodes, splits, middles, strict=True)
        return [child for node, split, m in each for child in split.children(node, m)]

    def _ordered(self, players: Players, node: Node) -> Split:
        """The coins of a box depend on its place alone, not on when it is split."""
        halves = players.halves(node.box)
        assert halves is not None
        coins = np.random.default_rng([self.seed, node.path]).random(len(node.before) // 2) < 0.5
        return Split(*halves, np.stack([coins, ~coins], 1).flatten())


@dataclass
class Asked:
    """The worth of coalitions, each asked once; `left` are those that the budget still pays for."""

    game: Game
    left: int
    known: dict[Coalition, float] = field(default_factory=dict)

    def __call__(self, coalitions: list[Coalition]) -> NDArray[np.float64]:
        """`(coalition,)`."""
        new = [c for c in dict.fromkeys(coalitions) if c not in self.known]
        self.left -= len(new)
        worth = self.game(self.game.players.masks(new)).tolist()
        self.known.update(zip(new, worth, strict=True))
        return np.array([self.known[c] for c in coalitions])


@dataclass(frozen=True)
class Detail:
    """What a split does to the squared error of the map."""

    signal: float  # it takes away, by an unbiased estimate, were the halves' credits exact
    noise: float  # it brings in, with one pair of orderings

    @classmethod
    def of(cls, left: Node, right: Node) -> Detail:
        """Of the split's two halves, each with credit spread evenly over its players."""
        a, b = left.box.size, right.box.size
        apart = (left.credit / a - right.credit / b).reshape(-1, 2).mean(1)
        noise = float(apart.var(ddof=1)) if len(apart) > 1 else 0.0
        scale = a * b / (a + b)
        return cls(scale * (float(apart.mean()) ** 2 - noise / len(apart)), scale * noise)


def _best(details: list[Detail], budget: int, most: int) -> int:
    """The number of orderings whose map has the least expected squared error.

    It buys `budget / orderings` splits, `most` at the utmost.
    """
    if not details:
        return 2
    longest = min(budget // 2, most)
    signal = _summed([d.signal for d in details], longest)
    noise = _summed([d.noise for d in details], longest)

    def error(orderings: int) -> float:
        last = min(budget // orderings, most) - 1
        return float(2 / orderings * noise[last] - signal[last])

    choices: list[int] = [2**k for k in range(1, budget.bit_length())]
    return min(choices, key=error)


def _summed(parts: list[float], many: int) -> NDArray[np.float64]:
    """Cumulative sums, going on as `mean of the later half / rank` beyond what was seen."""
    known = np.array(parts)
    frontier = max(float(known[len(known) // 2 :].mean()), 0.0) * 0.75 * len(known)
    ranks = np.arange(len(known) + 1, many + 1)
    return np.cumsum(np.concatenate([known, frontier / ranks]))[:many]


def _entry(node: Node, grain: float) -> tuple[float, int, Node]:
    """For a heap: the largest mean absolute credit first, the smaller path in a tie."""
    return -round(float(np.abs(node.credit).mean()) / grain), node.path, node


def _estimate(players: Players, leaves: list[Node]) -> Estimate:
    """Credit of each leaf, spread evenly over its players; errors from pairs of orderings."""
    credit = np.stack([node.credit for node in leaves]).reshape(len(leaves), -1, 2).mean(2)
    many = credit.shape[1]
    spread = credit.std(1, ddof=1) / math.sqrt(many) if many > 1 else None
    size = torch.tensor([node.box.size for node in leaves])
    leaf = torch.empty(players.count, dtype=torch.int64)
    for number, node in enumerate(leaves):
        leaf[players.ids(node.box)] = number
    values = (torch.from_numpy(credit.mean(1)) / size)[leaf]
    errors = None if spread is None else (torch.from_numpy(spread) / size)[leaf]
    return Estimate(values, errors, leaf, max(many - 1.0, 1.0))
