"""One scale for each component of a station, over all of its windows, never of one window."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tremor.data.geomagnetic.samples import Numbers
from tremor.data.records import Signal
from tremor.data.writer import RecordWriter, Row

STEP = 10.0  # s: means of so long are compared, which looks at Pc3 and not at a sensor's last digit


def liveliness(signal: Signal, sampling_rate: float) -> Numbers:
    """How much each of `(component, time)` moves (nT): mean change of means over 10 s."""
    size = max(round(STEP * sampling_rate), 1)
    whole = signal[:, : signal.shape[1] // size * size].astype(np.float64)
    means = whole.reshape(len(signal), -1, size).mean(axis=2)
    return np.asarray(np.abs(np.diff(means, axis=1)).mean(axis=1))


@dataclass
class StationScale:
    """Takes a station's windows onto the disk, and hands them on divided by the station's scale.

    The scale is the median over windows of their liveliness, for each component: it knows no
    labels, and no single window's level is lost.
    """

    folder: Path
    sampling_rate: float
    rows: list[Row] = field(default_factory=list)
    levels: list[Numbers] = field(default_factory=list)

    def __enter__(self) -> StationScale:
        self._file = tempfile.TemporaryFile(dir=self.folder)
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, signal: Signal, row: Row) -> None:
        """Keep one window `(channel, time)` and its row."""
        self.rows.append(row)
        self.levels.append(liveliness(signal, self.sampling_rate))
        self._file.write(np.ascontiguousarray(signal).tobytes())

    def hand_on(self, writer: RecordWriter, shape: tuple[int, int]) -> None:
        """Give all windows, which have this shape, to the writer."""
        if not self.rows:
            return
        scale = np.median(self.levels, axis=0)[:, None]
        scale[scale == 0] = 1.0
        self._file.seek(0)
        for row in self.rows:
            raw = self._file.read(shape[0] * shape[1] * 4)
            signal = np.frombuffer(raw, dtype=np.float32).reshape(shape)
            writer.add((signal / scale).astype(np.float32), row)
