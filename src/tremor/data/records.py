"""RecordSet: signals in a memory-mapped file, one table of what is known of each record."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.errors import TremorError

Signal = NDArray[np.float32]
TEXT = dict.fromkeys(
    ("record_id", "group", "station", "start_time", "signal_hash", "dx", "sex", "flat_leads"),
    "string",
)


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
        meta = json.loads((folder / "meta.json").read_text())
        offsets = np.load(folder / "offsets.npy", allow_pickle=False)
        found, promised = (folder / "signal.f32").stat().st_size, int(offsets[-1]) * 4
        if found != promised:
            raise TremorError(
                f"a cached record set is damaged: {found} bytes of signal, {promised} expected",
                str(folder),
                "delete this folder; it is made again from the source",
            )
        table = pd.read_csv(folder / "table.csv", dtype=TEXT, keep_default_na=True)
        texts: list[str] = list(table.select_dtypes("string").columns)
        table[texts] = table[texts].fillna("").astype(object)
        return cls(folder, table, meta, offsets)

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
        if len(positions) and (self.lengths[positions] == length).all() and self._uniform:
            return self._block[positions]
        batch = np.zeros((len(positions), len(self.channels), length), dtype=np.float32)
        for row, position in enumerate(positions):
            signal = self.record(int(position))[:, :length]
            batch[row, :, : signal.shape[1]] = signal
        return batch

    @cached_property
    def _uniform(self) -> bool:
        return bool((self.lengths == self.lengths[0]).all())

    @cached_property
    def _block(self) -> Signal:
        """All records of a uniform set: `(record, channel, time)`, still memory-mapped."""
        return self._flat.reshape(len(self), len(self.channels), -1)

    def __getstate__(self) -> dict[str, Any]:
        """Without what is mapped from the file: another process maps it anew."""
        return {k: v for k, v in vars(self).items() if k not in ("_flat", "_block")}

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
