"""Icequakes: a table, and one file of samples a record."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tremor.data.writer import RecordWriter
from tremor.errors import Refused


@dataclass(frozen=True)
class Icequakes:
    """`icequakes.csv` (file, glacier, kind) and its `.npy` files of `(channel, time)` samples."""

    data_dir: str
    channels: tuple[str, ...] = ("Z",)
    sampling_rate: float = 100.0

    def files(self) -> list[Path]:
        """What decides the records: the cache is made anew when one of these changes."""
        table = Path(self.data_dir) / "icequakes.csv"
        if not table.is_file():
            raise Refused("there is no icequakes.csv", self.data_dir, "dataset.data_dir=<folder>")
        return [table, *sorted(Path(self.data_dir).glob("*.npy"))]

    def write(self, writer: RecordWriter) -> None:
        """Each record to the writer; those that cannot be used are set aside by name."""
        for row in pd.read_csv(self.files()[0]).itertuples():
            signal = np.load(Path(self.data_dir) / row.file, allow_pickle=False)
            if not np.isfinite(signal).all():
                writer.set_aside(row.file, "not finite")
                continue
            writer.add(signal, {"record_id": row.file, "group": row.glacier, "label": row.kind})
