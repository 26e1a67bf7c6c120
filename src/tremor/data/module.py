"""The one LightningDataModule: gathers records by index, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

import lightning
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, Sampler

from tremor.data.batch import Batch
from tremor.data.records import RecordSet


class Part(Dataset[Batch]):
    """Some records of a set, at one length; hands out whole batches."""

    def __init__(self, records: RecordSet, positions: NDArray[np.int64], length: int):
        self.records, self.positions, self.length = records, positions, length
        self.labels = records.table["label"].to_numpy(np.int64)

    def __len__(self) -> int:
        return len(self.positions)

    def __getitem__(self, item: int) -> Batch:
        return self.__getitems__([item])

    def __getitems__(self, items: list[int]) -> Batch:
        """A batch of the items `(batch, channel, time)` in one gather."""
        rows = self.positions[np.asarray(items)]
        lengths = np.minimum(self.records.lengths[rows], self.length)
        x = torch.from_numpy(self.records.gather(rows, self.length))
        return Batch(x, *(torch.from_numpy(a) for a in (self.labels[rows], lengths, rows)))


class EpochSampler(Sampler[int]):
    """A shuffle that depends on the seed and the epoch only, so that a resumed run repeats it."""

    def __init__(self, size: int, seed: int):
        self.size, self.seed, self.epoch = size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning before each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[int]:
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.size)
        return iter(order.tolist())

    def __len__(self) -> int:
        return self.size


class DataModule(lightning.LightningDataModule):
    """Loaders over the parts of a split.

    `align="trim"` cuts every record to the shortest of the set; `"pad"` fills with zeros to the
    longest, and `Batch.length` says what is signal.
    """

    def __init__(
        self,
        records: RecordSet,
        parts: pd.Series[str],
        *,
        batch_size: int = 32,
        num_workers: int = 0,
        pin_memory: bool = False,
        drop_last: bool = False,
        align: Literal["trim", "pad"] = "trim",
        seed: int = 0,
    ):
        super().__init__()
        self.records, self.parts, self.seed = records, parts, seed
        self.length = int(records.lengths.min() if align == "trim" else records.lengths.max())
        self.drop_last = drop_last
        own = torch.Generator().manual_seed(seed)  # loaders leave the global state alone
        self.options: dict[str, Any] = {"generator": own, "collate_fn": _as_is}
        self.options |= {"num_workers": num_workers, "pin_memory": pin_memory}
        self.batch_size = batch_size

    def part(self, name: str) -> Part:
        """The records of `train`, `val`, `test` or `all`."""
        chosen = (
            np.ones(len(self.parts), bool) if name == "all" else (self.parts == name).to_numpy()
        )
        return Part(self.records, np.flatnonzero(chosen), self.length)

    def loader(self, name: str) -> DataLoader[Batch]:
        """One pass over a part in the order of the table."""
        return DataLoader(self.part(name), self.batch_size, **self.options)

    def train_dataloader(self) -> DataLoader[Batch]:
        part = self.part("train")
        sampler = EpochSampler(len(part), self.seed)
        if self.trainer is not None:  # a resumed run fetches before Lightning tells the epoch
            sampler.set_epoch(self.trainer.current_epoch)
        whole = self.drop_last and len(part) >= self.batch_size
        return DataLoader(
            part,
            self.batch_size,
            sampler=sampler,
            drop_last=whole,
            **self.options,
        )

    def val_dataloader(self) -> DataLoader[Batch]:
        return self.loader("val")


def _as_is(batch: Any) -> Any:
    return batch
