"""Windows cut from days: each day is read once, as long as windows come in order of time."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np

from tremor.data.geomagnetic.archive import Archive, Day, Note, checked
from tremor.data.geomagnetic.clock import Clock
from tremor.data.geomagnetic.samples import Numbers


class Cutter:
    """Keeps as many days as one window touches, and what was noted of the days that it read."""

    def __init__(self, archive: Archive, clock: Clock, samples: int):
        self.archive, self.clock, self.samples = archive, clock, samples
        self.there = set(archive.days())
        self.notes: dict[Note, None] = {}
        self._days: OrderedDict[tuple[str, int], Day] = OrderedDict()
        self._most = (samples - 1) // clock.a_day + 2

    def has(self, station: str, at: int) -> bool:
        """Whether there are data of any day that a window touches."""
        days = range(at // self.clock.a_day, (at + self.samples - 1) // self.clock.a_day + 1)
        return any((station, self.clock.date(number)) in self.there for number in days)

    def cut(self, station: str, at: int) -> Numbers:
        """One window `(component, time)` in nT, NaN where nothing is known."""
        signal = np.full((len(self.archive.channels), self.samples), np.nan)
        stop = at + self.samples
        for number in range(at // self.clock.a_day, (stop - 1) // self.clock.a_day + 1):
            if (station, self.clock.date(number)) not in self.there:
                continue
            day = self._day(station, number)
            midnight = number * self.clock.a_day
            first, last = max(at, midnight), min(stop, midnight + self.clock.a_day)
            signal[:, first - at : last - at] = day.signal[:, first - midnight : last - midnight]
        return signal

    def _day(self, station: str, number: int) -> Day:
        key = (station, number)
        if key not in self._days:
            day = checked(self.archive.day(station, self.clock.date(number)), self.archive)
            self.notes |= dict.fromkeys(day.notes)
            self._days[key] = day
            while len(self._days) > self._most:
                self._days.popitem(last=False)
        self._days.move_to_end(key)
        return self._days[key]
