"""All windows of one station: those before earthquakes first, then as many quiet ones."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tremor.data.geomagnetic.classes import NORMAL
from tremor.data.geomagnetic.quiet import QuietRule, Station, shares
from tremor.data.geomagnetic.scale import StationScale
from tremor.data.geomagnetic.windows import Shape, precursors, without_overlaps
from tremor.data.geomagnetic.writing import Sink, WindowWriter
from tremor.data.writer import Row

NONE = float("nan")
QUIET: Row = {
    "label": NORMAL,
    "label_magnitude": NORMAL,
    "label_azimuth": NORMAL,
    "event_time": "",
    **dict.fromkeys(("event_magnitude", "event_latitude", "event_longitude"), NONE),
    **dict.fromkeys(("event_depth_km", "distance_km", "azimuth_deg", "lead_hours"), NONE),
}


@dataclass(frozen=True)
class StationWindows:
    """A station, the earthquakes that it sees, and how many quiet windows each window gets.

    Quiet windows keep away from all those `near` it, of which the ones that it sees are some.
    """

    name: str
    seen: pd.DataFrame
    near: pd.DataFrame
    shape: Shape
    rule: QuietRule
    quiet_per_window: float

    def write(self, output: WindowWriter, scaled: bool) -> tuple[int, int]:
        """Write all windows; how many quiet ones were wanted, and how many were found."""
        if not scaled:
            return self._write(output, output.writer)
        with StationScale(output.writer.folder, self.shape.clock.sampling_rate) as sink:
            counts = self._write(output, sink)
            sink.hand_on(output.writer, (len(output.archive.channels), self.shape.samples))
        return counts

    def _write(self, output: WindowWriter, sink: Sink) -> tuple[int, int]:
        windows, overlapping = without_overlaps(
            precursors(self.seen, self.name, self.shape), self.shape.samples, self.shape.clock
        )
        for name, why in overlapping:
            output.writer.set_aside(name, why)
        good = [one.at for one in windows if output.take(sink, self.name, one.at, one.facts)]
        station = self._station(output, [one.at for one in windows])
        each = zip(good, shares(len(good), self.quiet_per_window), strict=True)
        wanted = [at for at, count in each for _ in range(count)]
        if wanted:
            days = f"of {len(station.days)} days with data are beyond the catalogue: none is quiet"
            self._tell(output, station.unknown(), days)
        quiet = self._quiet(output, sink, station, wanted)
        self._tell(output, len(wanted) - len(quiet), f"of {len(wanted)} quiet windows lacking")
        strays = Counter(station.strays[start] for start in quiet if start in station.strays)
        for what, count in strays.items():
            self._tell(output, count, what)
        return len(wanted), len(quiet)

    def _tell(self, output: WindowWriter, count: int, what: str) -> None:
        if count:
            output.writer.set_aside(self.name, f"{count} {what}")

    def _station(self, output: WindowWriter, taken: list[int]) -> Station:
        clock = self.shape.clock
        days = [clock.number(day) for name, day in output.cutter.there if name == self.name]
        origins = np.unique(clock.at(self.near["time"].to_numpy()))
        numbers = np.sort(np.asarray(days, dtype=np.int64))
        return Station(self.name, self.rule, numbers, origins, output.activity.calm, sorted(taken))

    def _quiet(
        self, output: WindowWriter, sink: Sink, station: Station, wanted: list[int]
    ) -> list[int]:
        """Draw and write quiet windows, others in place of unusable ones; when those begin."""
        written = []
        while wanted:
            drawn = [(station.draw(at), at) for at in wanted]
            wanted = []
            for start, at in sorted((start, at) for start, at in drawn if start is not None):
                if output.take(sink, self.name, start, QUIET | self._group(start)):
                    written.append(start)
                else:
                    wanted.append(at)
        return written

    def _group(self, start: int) -> Row:
        """A quiet window belongs to its station and day."""
        return {"group": f"{self.name}_{self.shape.clock.time(start):%Y%m%d}"}
