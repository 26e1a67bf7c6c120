"""Windows read, cleaned and handed to the writer of records, or set aside by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from tremor.data.geomagnetic.activity import Activity
from tremor.data.geomagnetic.archive import Archive
from tremor.data.geomagnetic.cleaning import cleaned
from tremor.data.geomagnetic.cutting import Cutter
from tremor.data.geomagnetic.windows import Shape
from tremor.data.records import Signal
from tremor.data.sources.cells import Unusable, written
from tremor.data.writer import RecordWriter, Row


class Sink(Protocol):
    """What takes records."""

    def add(self, signal: Signal, row: Row) -> None: ...


@dataclass(frozen=True)
class WindowWriter:
    """What is the same for all windows: where samples come from, and what makes them usable."""

    writer: RecordWriter
    archive: Archive
    shape: Shape
    activity: Activity
    max_missing: float
    spike_threshold: float | None

    @cached_property
    def cutter(self) -> Cutter:
        """Reads days."""
        return Cutter(self.archive, self.shape.clock, self.shape.samples)

    def take(self, sink: Sink, station: str, at: int, facts: Row) -> bool:
        """Give the window that begins at sample `at` to the sink; False where it is set aside."""
        name = self.shape.clock.name(station, at)
        try:
            signal, row = self._window(station, at)
        except Unusable as reason:
            self.writer.set_aside(name, str(reason))
            return False
        sink.add(signal, {"record_id": name} | facts | row)
        return True

    def _window(self, station: str, at: int) -> tuple[Signal, Row]:
        """One window `(channel, time)` about its medians (nT), and what is known of it."""
        if not self.cutter.has(station, at):
            raise Unusable("no day file")
        self.activity.refuse_storm(at, self.shape.samples)
        window = self.cutter.cut(station, at)
        clean = cleaned(
            window, tuple(self.archive.channels), self.max_missing, self.spike_threshold
        )
        signal = clean.signal - np.median(clean.signal, axis=1, keepdims=True)
        return signal.astype(np.float32), {
            "station": station,
            "start_time": written(self.shape.clock.time(at)),
            "hours": self.shape.samples / self.archive.sampling_rate / 3600,
            "missing": round(clean.missing, 6),
            "spikes": clean.spikes,
            "kp": self.activity.kp(at, self.shape.samples),
        }

    def tell_notes(self) -> None:
        """Set aside by name what was noted of the files of days."""
        for name, why in self.cutter.notes:
            self.writer.set_aside(name, why)
