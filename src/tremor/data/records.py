"""RecordSet: signals in one file, one table of what is known of each record."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data import columns
from tremor.data.samples import Samples
from tremor.errors import TremorError
from tremor.files import readable

Signal = NDArray[np.float32]
AGAIN = "delete this folder; it is made again from the source"
TABLE = "table"  # the folder of the table's columns
REREAD = 1 << 28  # bytes of samples up to which opening reads them all (a quarter of a second)
OPENED = ("_flat", "_samples")  # what a process has of the file for itself


def mark_of(samples: Signal) -> str:
    """The fingerprint of a record's samples `(channel, time)`."""
    return hashlib.blake2b(samples.data, digest_size=12).hexdigest()


@dataclass(frozen=True)
class RecordSet:
    """Records of any length: `(channel, time)` float32 each, flat in one file, and their table.

    RAM grows with what is gathered, not with what is stored.
    """

    folder: Path
    table: pd.DataFrame
    meta: dict[str, Any]
    offsets: NDArray[np.int64]

    @classmethod
    def open(cls, folder: Path) -> RecordSet:
        """Open a finished folder; a file of another size than its notes say is refused."""
        with readable(folder, AGAIN):
            meta = json.loads((folder / "meta.json").read_text())
            offsets = np.load(folder / "offsets.npy", allow_pickle=False)
            found, promised = (folder / "signal.f32").stat().st_size, int(offsets[-1]) * 4
            if found != promised:
                fault = f"{found} bytes of signal, {promised} expected"
                raise TremorError(f"a cached record set is damaged: {fault}", str(folder), AGAIN)
            opened = cls(folder, columns.read(folder / TABLE), meta, offsets)
            opened._refuse_misfits()
            if promised <= REREAD:
                opened._refuse_changed()
        return opened

    def _refuse_misfits(self) -> None:
        """Notes, offsets and table have to be of the same records."""
        told = (self.classes, self.channels, self.sampling_rate, self.fingerprint)
        sizes = np.diff(self.offsets)
        if self.offsets.dtype != np.int64 or self.offsets[0] != 0 or (sizes < 0).any():
            raise ValueError("offsets that do not rise from 0")
        if len(sizes) != len(self.table) or (sizes % len(told[1])).any():
            raise ValueError(f"{len(sizes)} signals for {len(self.table)} rows")
        if not np.array_equal(self.lengths, self.table["length"]):
            raise ValueError("signals of other lengths than the table has")

    def _refuse_changed(self) -> None:
        """Samples have to be those that were written: a disk may turn a bit."""
        marks = enumerate(self.table["signal_hash"])
        changed = [n for n, mark in marks if mark_of(self.record(n)) != mark]
        self.close()
        if changed:
            names = self.table["record_id"].iloc[changed[:3]].tolist()
            raise ValueError(f"the samples of {len(changed)} records have changed, as {names}")

    def __len__(self) -> int:
        return len(self.table)

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.meta["classes"])

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(self.meta["channels"])

    @property
    def sampling_rate(self) -> float:
        """Samples a second (Hz)."""
        return float(self.meta["sampling_rate"])

    @property
    def fingerprint(self) -> str:
        """What these records are: changes with any sample, label or setting of the source."""
        return str(self.meta["fingerprint"])

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Samples of each record: `(record,)`."""
        return np.diff(self.offsets) // len(self.channels)

    @cached_property
    def _flat(self) -> Signal:
        return np.memmap(self.folder / "signal.f32", dtype=np.float32, mode="r")

    def record(self, position: int) -> Signal:
        """One record as a view into the file: `(channel, time)`."""
        start, stop = self.offsets[position : position + 2]
        return self._flat[start:stop].reshape(len(self.channels), -1)

    def gather(self, positions: NDArray[np.int64] | list[int], length: int) -> Signal:
        """Some records in one array `(record, channel, length)`: cut, or padded with zeros."""
        positions = np.asarray(positions, dtype=np.int64)
        shape, lengths = (len(positions), len(self.channels), length), self.lengths[positions]
        starts = self.offsets[positions].tolist()
        self._samples.expect(starts, (lengths * len(self.channels)).tolist())
        if (lengths == length).all():
            batch = np.empty(shape, dtype=np.float32)
            for row, start in enumerate(starts):
                self._samples.fill(batch[row], start)
            return batch
        batch = np.zeros(shape, dtype=np.float32)
        for row, (start, size) in enumerate(zip(starts, lengths.tolist(), strict=True)):
            signal = np.empty((len(self.channels), size), dtype=np.float32)
            self._samples.fill(signal, start)
            batch[row, :, :size] = signal[:, :length]
        return batch

    @cached_property
    def _samples(self) -> Samples:
        return Samples(self.folder / "signal.f32")

    def close(self) -> None:
        """Let go of the file: the next record opens it anew, in this process."""
        for name in OPENED:
            vars(self).pop(name, None)

    def __getstate__(self) -> dict[str, Any]:
        """Without the opened file: another process opens it anew."""
        return {k: v for k, v in vars(self).items() if k not in OPENED}

    def view(self, length: int) -> Gathered:
        """All records at one length, read only where they are indexed."""
        return Gathered(self, length)


@dataclass(frozen=True)
class Gathered:
    """`(record, channel, time)` that is gathered from the file on indexing."""

    records: RecordSet
    length: int

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.records), len(self.records.channels), self.length

    def __getitem__(self, positions: NDArray[np.int64]) -> Signal:
        return self.records.gather(positions, self.length)
