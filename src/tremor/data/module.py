"""The one LightningDataModule: gathers records by index, and nothing else."""

from __future__ import annotations

import sys
import traceback
from dataclasses import replace
from multiprocessing.queues import Queue
from typing import Any, Literal

import lightning
import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, get_worker_info

from tremor.data.batch import Batch
from tremor.data.order import EpochSampler as EpochSampler
from tremor.data.order import Place, Weights
from tremor.data.parts import PARTS
from tremor.data.records import RecordSet
from tremor.data.writer import NOISE_MARGIN
from tremor.errors import Refused


class Part(Dataset[Batch]):
    """Some records of a set, at one length; hands out whole batches."""

    def __init__(
        self,
        records: RecordSet,
        positions: NDArray[np.int64],
        length: int,
        ends: NDArray[np.int64],
        columns: tuple[str, ...] = ("label",),
    ):
        self.records, self.positions, self.length, self.ends = records, positions, length, ends
        labels = records.table[list(columns)].to_numpy(np.int64)
        self.labels = labels if len(columns) > 1 else labels[:, 0]

    def __len__(self) -> int:
        return len(self.positions)

    def __getstate__(self) -> dict[str, Any]:
        """For workers that are not forked: without the table, which they do not need."""
        table = self.records.table.iloc[:, :0]
        return vars(self) | {"records": replace(self.records, table=table)}

    def __getitem__(self, item: int) -> Batch:
        return self.__getitems__([item])

    def __getitems__(self, items: list[int]) -> Batch:
        """A batch of the items `(batch, channel, time)` in one gather."""
        rows = self.positions[np.asarray(items)]
        lengths = np.minimum(self.ends[rows], self.length)
        signal = self.records.gather(rows, self.length)
        if (lengths < self.length).any():
            signal = signal * (np.arange(self.length) < lengths[:, None])[:, None]
        x = torch.from_numpy(signal)
        return Batch(x, *(torch.from_numpy(a) for a in (self.labels[rows], lengths, rows)))


class DataModule(lightning.LightningDataModule):
    """Loaders over the parts of a split.

    `align="trim"` cuts every record to the shortest of the set; `"pad"` fills with zeros to the
    longest, and `Batch.length` says what is signal. `keep="noise"` hands out what comes before P
    only, to see what the station's noise alone tells; a record without a second of it is in no part
    (its word in `parts` is `no noise`). `columns` of the table are the labels.
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
        keep: Literal["all", "noise"] = "all",
        seed: int = 0,
        columns: tuple[str, ...] = ("label",),
    ):
        super().__init__()
        self.records, self.seed, self.columns = records, seed, columns
        self.ends = records.lengths if keep == "all" else noise_ends(records)
        self.usable = (records.table["label"] >= 0).to_numpy() & (self.ends > 0)
        if not self.usable.any():
            raise Refused(
                "no record has a second of noise before P: no noise to learn from",
                "dataset.keep",
                "dataset.keep=all",
            )
        self.parts = parts.mask(parts.isin(PARTS) & ~self.usable, "no noise")
        used = self.ends[self.usable]
        self.length = int(used.min() if align == "trim" else used.max())
        self.drop_last = drop_last
        self.options: dict[str, Any] = {"num_workers": num_workers, "pin_memory": pin_memory}
        self.batch_size = batch_size
        self.taken_up = Place()

    def part(self, name: str) -> Part:
        """The records of `train`, `val`, `test` or `all`."""
        chosen = self.usable if name == "all" else self.parts == name
        return self.of(np.flatnonzero(chosen))

    def of(self, positions: NDArray[np.int64]) -> Part:
        """Some records by their rows."""
        return Part(self.records, positions, self.length, self.ends, self.columns)

    def loader(self, name: str, rank: int = 0, world: int = 1) -> DataLoader[Batch]:
        """One pass over a part in the order of the table; of several processes each takes batches.

        They are the very batches of one process, dealt in turn.
        """
        return self.loader_of(self.part(name).positions, rank, world)

    def loader_of(
        self, positions: NDArray[np.int64], rank: int = 0, world: int = 1
    ) -> DataLoader[Batch]:
        """The same over some records by their rows, which ascend."""
        batches = np.arange(len(positions)) // self.batch_size
        return self._loader(self.of(positions[batches % world == rank]))

    def train_dataloader(self) -> DataLoader[Batch]:
        part = self.part("train")
        seen = self.taken_up.batches * self.batch_size
        order = (self._weights(part), *self._share(), self.taken_up.epoch, seen)
        sampler = EpochSampler(len(part), self.seed, *order)
        if self.trainer is not None:  # workers fetch before Lightning knows, and tells, the epoch
            known = self.trainer.fit_loop.epoch_progress.current.processed
            sampler.set_epoch(max(known, self.taken_up.upcoming))
        whole = self.drop_last and len(sampler) >= self.batch_size
        return self._loader(part, sampler=sampler, drop_last=whole)

    def _loader(self, part: Part, **order: Any) -> DataLoader[Batch]:
        """Whole batches of a part; loaders leave the global state of randomness alone."""
        own = torch.Generator().manual_seed(self.seed)
        order |= {"generator": own, "collate_fn": _as_is, "worker_init_fn": _begin}
        return DataLoader(part, self.batch_size, **order, **self.options)

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps: how far training is."""
        return Place.of(self.trainer).plain() if self.trainer is not None else {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on behind the batches that the run had when the checkpoint was written."""
        self.taken_up = Place(**state)

    def _weights(self, part: Part) -> Weights:
        """How often each record is to be drawn, where each `dataset` has a `weight` to share."""
        if "weight" not in self.records.table:
            return None
        table = self.records.table.iloc[part.positions]
        sharers = table.groupby("dataset")["weight"].transform("size")
        return (table["weight"] / sharers).to_numpy(np.float64)

    def _share(self) -> tuple[int, int]:
        """Which process this is, and of how many."""
        return (self.trainer.global_rank, self.trainer.world_size) if self.trainer else (0, 1)

    def val_dataloader(self) -> DataLoader[Batch]:
        return self.loader("val")


def noise_ends(records: RecordSet) -> NDArray[np.int64]:
    """How many samples of each record come safely before P `(record,)`; 0 if less than a second."""
    if "p_time_s" not in records.table:
        raise Refused(
            "noise windows need the arrival of P, which the source does not tell",
            "dataset.keep",
            "dataset.keep=all",
        )
    quiet = (records.table["p_time_s"].to_numpy(np.float64) - NOISE_MARGIN) * records.sampling_rate
    ends = np.nan_to_num(quiet).clip(0, records.lengths).astype(np.int64)
    return np.where(ends < records.sampling_rate, 0, ends)


def _begin(worker: int) -> None:
    """A worker that was forked opens the file of samples for itself, and ends without a word."""
    told: Any = get_worker_info()
    told.dataset.records.close()
    queue: Any = Queue
    queue._on_queue_feeder_error = staticmethod(lambda error, _: _unless_unread(error))
    sys.excepthook = lambda _, error, __: _unless_unread(error)


def _unless_unread(error: BaseException) -> None:
    """What cannot be handed over is told, but for a run that has ended and reads no more."""
    if not isinstance(error, ConnectionError):
        traceback.print_exception(error)


def _as_is(batch: Any) -> Any:
    return batch
