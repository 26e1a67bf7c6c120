"""The order of training: drawn from the seed and the epoch, and taken up where a run stopped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import lightning
import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

Weights = NDArray[np.float64] | None


@dataclass(frozen=True)
class Place:
    """How far training is: batches that the epoch has behind it, in each of `world` processes.

    `upcoming` is the epoch of the next batch: another one, where these were all.
    """

    epoch: int = 0
    batches: int = 0
    world: int = 0  # 0 where that is not known
    upcoming: int = 0

    @classmethod
    def of(cls, trainer: lightning.Trainer) -> Place:
        """Where a run is, also while a checkpoint is written at the end of a batch."""
        loop = trainer.fit_loop
        epoch, batches = trainer.current_epoch, loop.epoch_loop.batch_progress
        over = loop.epoch_progress.current.processed > epoch or batches.is_last_batch
        return cls(epoch, batches.current.processed, trainer.world_size, epoch + over)

    def plain(self) -> dict[str, Any]:
        """What a checkpoint keeps of it."""
        return asdict(self)


class EpochSampler(Sampler[int]):
    """A shuffle that depends on the seed and the epoch only, so that a resumed run repeats it.

    With `weights`, records are drawn with replacement in proportion to them. Of several processes
    each takes its share, all of the same size. In the epoch `begun`, so many records of the share
    are left out: they were seen before the run stopped, and are not read again.
    """

    def __init__(
        self,
        size: int,
        seed: int,
        weights: Weights = None,
        rank: int = 0,
        world: int = 1,
        begun: int = 0,
        seen: int = 0,
    ):
        self.size, self.seed, self.epoch = size, seed, 0
        self.shares = None if weights is None else weights / weights.sum()
        self.rank, self.world = rank, world
        self.begun, self.seen = begun, seen

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        rng = np.random.default_rng((self.seed, self.epoch))
        if self.shares is None:
            order = rng.permutation(self.size)
        else:
            order = rng.choice(self.size, self.size, p=self.shares)
        share = order[self.rank : len(self) * self.world : self.world]
        return map(int, share[self.seen if self.epoch == self.begun else 0 :])

    def __len__(self) -> int:
        """Records of a whole epoch, also of one that is taken up in its midst."""
        return self.size // self.world
