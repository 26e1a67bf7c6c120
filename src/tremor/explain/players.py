"""Players: the parts of an input that are kept or replaced as one.

Every cell of the input belongs to one player. Players lie on a grid, so that a box of them can be
halved, and its halves again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from tremor.errors import Refused


class Box(NamedTuple):
    """Neighbouring players: `start` to before `stop` along each axis of the grid."""

    start: tuple[int, ...]
    stop: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of players."""
        return math.prod(b - a for a, b in zip(self.start, self.stop, strict=True))

    @property
    def slices(self) -> tuple[slice, ...]:
        return tuple(map(slice, self.start, self.stop))

    def cut(self, axis: int) -> tuple[Box, Box]:
        """Two halves, the first one longer if the length is odd (as in shap's mirrored trees)."""
        middle = self.stop[axis] - (self.stop[axis] - self.start[axis]) // 2
        return (
            Box(self.start, _with(self.stop, axis, middle)),
            Box(_with(self.start, axis, middle), self.stop),
        )


@dataclass(frozen=True)
class Players:
    """`labels (…input shape)` is the player of each cell; players count row by row over `grid`.

    `stages` are axes of the grid: those of the first stage are halved down to single players,
    the longest first, before those of the next are touched. `note` is what must be said of them.
    """

    labels: Tensor
    grid: tuple[int, ...]
    stages: tuple[tuple[int, ...], ...]
    note: str = ""

    @property
    def count(self) -> int:
        return math.prod(self.grid)

    @property
    def whole(self) -> Box:
        return Box((0,) * len(self.grid), self.grid)

    @cached_property
    def sizes(self) -> Tensor:
        """Cells of each player, `(player,)`."""
        return torch.bincount(self.labels.flatten(), minlength=self.count)

    def paint(self, credits: Tensor) -> Tensor:
        """Credits `(player,)` spread evenly over the cells of each player `(…input shape)`."""
        return (credits / self.sizes)[self.labels]

    def halves(self, box: Box) -> tuple[Box, Box] | None:
        """The two children of a box in the tree of halvings; None for a single player."""
        for axes in self.stages:
            axis = max(axes, key=lambda a: box.stop[a] - box.start[a])
            if box.stop[axis] - box.start[axis] > 1:
                return box.cut(axis)
        return None

    def masks(self, coalitions: Sequence[Iterable[Box]]) -> Tensor:
        """`(coalition, player)`: true for the players in the boxes of each coalition."""
        kept = np.zeros((len(coalitions), *self.grid), bool)
        for row, boxes in zip(kept, coalitions, strict=True):
            for box in boxes:
                row[box.slices] = True
        return torch.from_numpy(kept).view(-1, self.count)

    def ids(self, box: Box) -> Tensor:
        """The numbers of the players in a box."""
        return self._numbers[box.slices].flatten()

    @cached_property
    def _numbers(self) -> Tensor:
        return torch.arange(self.count).view(self.grid)


def partition(shape: Sequence[int], cuts: Sequence[Sequence[int]]) -> Players:
    """Players between the cuts: for each axis the cells at which a new player begins.

    The first axis (components) is halved last; change `stages` for another order.
    """
    for axis, (length, places) in enumerate(zip(shape, cuts, strict=True)):
        if any(b <= a for a, b in zip([0, *places], [*places, length], strict=True)):
            fault = f"cuts {list(places)} do not rise between 0 and {length}"
            raise Refused(fault, f"axis {axis} of the players", "cuts inside the input, in order")
    labels = torch.zeros(tuple(shape), dtype=torch.int64)
    grid = tuple(len(places) + 1 for places in cuts)
    for axis, (length, places) in enumerate(zip(shape, cuts, strict=True)):
        own = torch.bucketize(torch.arange(length), torch.tensor(places).long(), right=True)
        ahead = [1] * len(grid)
        ahead[axis] = length
        labels = labels * grid[axis] + own.view(ahead)
    late = tuple(range(1, len(grid)))
    return Players(labels, grid, (late, (0,)) if late else ((0,),))


def every(size: int, length: int) -> list[int]:
    """Cuts after every `size` cells; the last part may be shorter."""
    if size < 1:
        raise Refused(f"a player of {size} cells", "players", "1 cell or more")
    return list(range(size, length, size))


def time_windows(shape: Sequence[int], width: int, joint: bool = True) -> Players:
    """Windows of `width` steps along the last axis; `joint` over components, or each its own."""
    return partition(shape, [_apart(shape, joint), *_whole(shape[1:-1]), every(width, shape[-1])])


def components(shape: Sequence[int]) -> Players:
    """Each entry of the first axis (component, lead) over everything else."""
    return partition(shape, [every(1, shape[0]), *_whole(shape[1:])])


def rectangles(
    shape: Sequence[int], height: int = 1, width: int = 1, joint: bool = True
) -> Players:
    """Tiles of a `(component, frequency, time)` input, `height` bins by `width` steps."""
    return tiles(shape, every(height, shape[1]), every(width, shape[2]), joint)


def tiles(
    shape: Sequence[int], frequencies: Sequence[int], times: Sequence[int], joint: bool = True
) -> Players:
    """Bands by windows of a `(component, frequency, time)` input, cut at bins and steps."""
    if len(shape) != 3:
        fault = f"tiles of an input of shape {tuple(shape)}"
        raise Refused(fault, "players", "an input (component, frequency, time)")
    return partition(shape, [_apart(shape, joint), frequencies, times])


def octaves(frequencies: Tensor) -> list[int]:
    """Cuts of bins `(bin,)` (Hz) at the last over 2, over 4, …: octaves down from the top."""
    top = float(frequencies[-1])
    edges = [top / 2**k for k in range(1, 1 + int(math.log2(len(frequencies))))]
    cuts = {int(torch.searchsorted(frequencies, edge)) for edge in edges}
    return sorted(cuts - {0})


def _apart(shape: Sequence[int], joint: bool) -> list[int]:
    return [] if joint else every(1, shape[0])


def _whole(lengths: Sequence[int]) -> list[list[int]]:
    return [[] for _ in lengths]


def _with(values: tuple[int, ...], axis: int, value: int) -> tuple[int, ...]:
    return (*values[:axis], value, *values[axis + 1 :])
