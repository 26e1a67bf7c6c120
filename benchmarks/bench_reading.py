"""Reading random batches: record sets against one HDF5 dataset a trace."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from side_by_side import interleaved, keep

import h5py  # isort: skip
import numpy as np  # isort: skip

from tremor.data.cache import open_records
from tremor.data.writer import RecordWriter

RECORDS, CHANNELS, SAMPLES, BATCH, BATCHES = 4000, 3, 1300, 32, 20


@dataclass(frozen=True)
class Noise:
    """A source of noise."""

    channels: tuple[str, ...] = ("Z", "N", "E")
    sampling_rate: float = 100.0

    def files(self) -> list[Path]:
        return []

    def write(self, writer: RecordWriter) -> None:
        rng = np.random.default_rng(0)
        for i in range(RECORDS):
            signal = rng.standard_normal((CHANNELS, SAMPLES), dtype=np.float32)
            writer.add(signal, {"record_id": f"{i:06d}", "group": str(i), "label": f"c{i % 2}"})


def main() -> None:
    rng = np.random.default_rng(1)
    batches = [rng.permutation(RECORDS)[:BATCH] for _ in range(BATCHES)]
    with tempfile.TemporaryDirectory() as folder:
        records, _ = open_records(Noise(), folder)
        path = Path(folder) / "traces.hdf5"
        with h5py.File(path, "w") as file:
            for i in range(RECORDS):
                file[f"{i:06d}"] = records.record(i)
        opened = h5py.File(path)

        def gathered() -> None:
            for rows in batches:
                records.gather(rows, SAMPLES)

        def open_file() -> None:
            for rows in batches:
                np.stack([opened[f"{i:06d}"][()] for i in rows])

        def reopened() -> None:
            for rows in batches:
                np.stack([_one(path, i) for i in rows])

        names = {"tremor": gathered, "HDF5 dataset a trace, file kept open": open_file}
        seconds = interleaved(names | {"HDF5 dataset a trace, reopened": reopened}, 7)
    what = f"random batches of {BATCH} of {RECORDS} records ({CHANNELS}, {SAMPLES}), cache warm"
    keep("reading", seconds, BATCH * BATCHES, "HDF5 dataset a trace, file kept open", what, ">= 10")


def _one(path: Path, number: int) -> np.ndarray:
    with h5py.File(path) as file:
        return np.asarray(file[f"{number:06d}"][()])


if __name__ == "__main__":
    main()
