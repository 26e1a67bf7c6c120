"""Stretches of a record's outputs that are looked at as one, chosen for the least work."""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tremor.explain.local.trunk import Trunk

Kept = NDArray[np.bool_]  # (coalition, player)
MOST = 2.0  # runs of samples with the same players, over what the record has neighbourhoods
SHORT = 4  # samples of a run on average: of shorter ones, none is found out by probing


@dataclass(frozen=True)
class Stretch:
    """Outputs `start` to before `stop`, which see samples `first` to before `last`.

    `keys` are the different masks of the players among those samples, `rows` coalitions that have
    them, `which (coalition,)` the key of each coalition; `cost` is the samples to be run.
    """

    start: int
    stop: int
    first: int
    last: int
    keys: list[bytes]
    rows: NDArray[np.int64]
    which: NDArray[np.int64]
    cost: int

    @property
    def samples(self) -> int:
        return self.last - self.first


@dataclass
class Layout:
    """Players `labels (…, sample)` under a trunk: which of them each output sees."""

    trunk: Trunk
    labels: Tensor
    _players: dict[tuple[int, int], NDArray[np.int64]] = field(default_factory=dict)

    @classmethod
    def of(cls, trunk: Trunk, labels: Tensor) -> Layout | None:
        """None where players are so short that there is nothing to be gained."""
        made = cls(trunk, labels[..., : trunk.samples].cpu())
        return made if len(made._turns) * trunk.sees <= MOST * trunk.blocks else None

    @staticmethod
    def long(labels: Tensor) -> bool:
        """Whether there are several runs of players `(…, sample)`, long enough to try."""
        return 1 < len(_turns(labels)) <= labels.shape[-1] / SHORT

    def __post_init__(self) -> None:
        self._turns = _turns(self.labels)
        samples = torch.arange(self.labels.shape[-1])
        run = torch.bucketize(samples, self._turns, right=True)
        outputs = torch.arange(self.trunk.outputs)
        among = torch.stack([run[sample] for sample in self.trunk.seen(outputs, outputs)])
        cuts = (among[:, 1:] != among[:, :-1]).any(0).nonzero()[:, 0] + 1
        ends = [0, *cuts.tolist(), self.trunk.outputs]
        self.atoms = list(pairwise(ends))  # outputs that see the same runs

    def players(self, start: int, stop: int) -> NDArray[np.int64]:
        """Players that outputs `start` to before `stop` see."""
        if (start, stop) not in self._players:
            first, last = self.trunk.span(start, stop)
            here = self._turns[(self._turns > first) & (self._turns < last)]
            columns = torch.cat([torch.tensor([first]), here])
            self._players[start, stop] = self.labels[..., columns].unique().numpy()
        return self._players[start, stop]

    def ends(self, start: int, stop: int) -> tuple[bytes, bytes]:
        """Keys of everybody and of nobody."""
        many = len(self.players(start, stop))
        everybody, nobody = (np.packbits(np.full(many, kept)).tobytes() for kept in (True, False))
        return everybody, nobody

    def keys(self, kept: Kept, start: int, stop: int) -> list[bytes]:
        """The mask of each coalition, of the players that outputs see."""
        return [row.tobytes() for row in np.packbits(kept[:, self.players(start, stop)], axis=1)]


def _turns(labels: Tensor) -> Tensor:
    """Samples at which runs of the same players `(…, sample)` begin, the first among them."""
    flat = labels.flatten(0, -2).cpu()
    turns = (flat[:, 1:] != flat[:, :-1]).any(0).nonzero()[:, 0] + 1
    return torch.cat([torch.zeros(1, dtype=torch.int64), turns])


Known = Callable[[int, int], Container[bytes]]


def stretches(layout: Layout, kept: Kept, known: Known) -> list[Stretch]:
    """Stretches over all outputs for coalitions `kept`, joined wherever that is less work.

    `known` tells what needs no work any more. At worst, all outputs are one stretch: whole records.
    """
    found: list[Stretch] = []
    for start, stop in layout.atoms:
        one = stretch(layout, kept, known, start, stop)
        while found:
            joint = stretch(layout, kept, known, found[-1].start, stop)
            if joint.cost >= found[-1].cost + one.cost:
                break
            found.pop()
            one = joint
        found.append(one)
    whole = stretch(layout, kept, known, 0, layout.trunk.outputs)
    return [whole] if whole.cost < sum(each.cost for each in found) else found


def stretch(layout: Layout, kept: Kept, known: Known, start: int, stop: int) -> Stretch:
    """Outputs `start` to before `stop`, for coalitions `kept`."""
    first, last = layout.trunk.span(start, stop)
    packed = np.packbits(kept[:, layout.players(start, stop)], axis=1)
    rows = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}")[:, 0]
    unique, row, which = np.unique(rows, return_index=True, return_inverse=True)
    keys, have = [each.tobytes() for each in unique], known(start, stop)
    cost = sum(key not in have for key in keys) * (last - first)
    return Stretch(start, stop, first, last, keys, row, which.ravel(), cost)
