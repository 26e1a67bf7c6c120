"""Quiet windows: like a station's windows before earthquakes in all but the earthquake."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tremor.data.geomagnetic.clock import HOURS, Clock

Places = NDArray[np.int64]
NEAR_HOURS = (1, 2, 3)
MONTHS = 12
ANOTHER_YEAR = "quiet windows of the same month of another year"
NEIGHBOURS = "quiet windows of neighbouring hours or months"


@dataclass(frozen=True)
class QuietRule:
    """What a quiet window must share with the window that it is drawn for, and keep away from.

    It begins at the same time of day, to the sample (`match_hour`; else at any whole number of
    hours from it), in the same month of the same year, where no such time is left of any year
    (`match_month`; else in any month). It is `days_away` days or more from every earthquake near
    the station, and ends `ahead_hours` or more before it, further off than windows before
    earthquakes are. Earthquakes are known from `first` to `last` (samples): none is drawn where
    one may be unknown. With `relax`, where no such time is left, one to three hours earlier or
    later is allowed, then a month.
    """

    clock: Clock
    samples: int
    days_away: float
    ahead_hours: float
    first: int
    last: int
    match_month: bool
    match_hour: bool
    relax: bool
    seed: int

    @property
    def away(self) -> int:
        """Samples from an earthquake to the beginning of a quiet window."""
        return self.clock.of_hours(self.days_away * HOURS)

    @property
    def ahead(self) -> int:
        """Samples from the end of a quiet window to an earthquake."""
        return max(self.away, self.clock.of_hours(self.ahead_hours))

    def stages(self, month: int, there: set[int]) -> Iterator[tuple[set[int], list[int], str]]:
        """Allowed months of those `there`, shifts of the time of day (h), from strict to relaxed.

        Months count from January 1970. What a window of a stage is called comes last, "" where it
        is all that was asked for.
        """
        months = {m for m in there if m % MONTHS == month % MONTHS} if self.match_month else there
        shifts = [0] if self.match_hour else list(range(HOURS))
        if self.match_month:
            yield {month}, shifts, ""
        yield months, shifts, ANOTHER_YEAR if self.match_month else ""
        if self.relax and self.match_hour:
            for hours in NEAR_HOURS:
                yield months, [-hours, hours], NEIGHBOURS
        if self.relax and self.match_month:
            beside = {m for m in there if (m - month) % MONTHS in (1, MONTHS - 1)}
            yield beside, shifts, NEIGHBOURS


@dataclass
class Station:
    """One station's days with data, its earthquakes, and the times that are taken (samples).

    `origins` are those of all earthquakes near it, in order; `strays` has what windows are called
    that are not all that was asked for.
    """

    name: str
    rule: QuietRule
    days: Places
    origins: Places
    calm: Callable[[int, int], bool]
    taken: list[int] = field(default_factory=list)
    strays: dict[int, str] = field(default_factory=dict)

    def draw(self, at: int) -> int | None:
        """A free quiet time for the window at `at`, now taken; None where there is none left."""
        a_day = self.rule.clock.a_day
        number, offset = divmod(at, a_day)
        month = int(_months(np.asarray([number]))[0])
        rng = np.random.default_rng([self.rule.seed, *self.name.encode(), at % (1 << 32)])
        of_days = _months(self.days)
        for months, shifts, called in self.rule.stages(month, set(of_days.tolist())):
            days = self.days[np.isin(of_days, list(months))]
            hours = np.asarray([self.rule.clock.of_hours(hour) for hour in shifts])
            starts = days[:, None] * a_day + (offset + hours) % a_day
            for start in rng.permutation(self._quiet(starts.ravel())).tolist():
                if self._free(start) and self.calm(start, self.rule.samples):
                    insort(self.taken, start)
                    if called:
                        self.strays[start] = called
                    return int(start)
        return None

    def _quiet(self, starts: Places) -> Places:
        """Those times from which data last, and that are far from earthquakes."""
        a_day, samples = self.rule.clock.a_day, self.rule.samples
        away, ahead = self.rule.away, self.rule.ahead
        last = (starts + samples - 1) // a_day
        for extra in range((samples - 1) // a_day + 2):
            there = np.isin(np.minimum(starts // a_day + extra, last), self.days)
            starts, last = starts[there], last[there]
        known = (starts >= self.rule.first + away) & (starts + samples + ahead <= self.rule.last)
        starts = starts[known]
        bounds = np.append(self.origins, np.iinfo(np.int64).max)
        first = np.searchsorted(self.origins, starts - away, side="right")
        return starts[bounds[first] >= starts + samples + ahead]

    def unknown(self) -> int:
        """On how many of its days no quiet window could be, as earthquakes are not known then."""
        begin = self.days * self.rule.clock.a_day
        early = begin + self.rule.clock.a_day <= self.rule.first + self.rule.away
        return int((early | (begin >= self.rule.last - self.rule.ahead)).sum())

    def _free(self, start: int) -> bool:
        """Whether no window that is taken overlaps one from here."""
        place = bisect_left(self.taken, start)
        near = self.taken[max(place - 1, 0) : place + 1]
        return all(abs(other - start) >= self.rule.samples for other in near)


def _months(days: Places) -> Places:
    """The months since January 1970 of days since 1970."""
    months = days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return np.asarray(months, dtype=np.int64)


def shares(count: int, per_window: float) -> list[int]:
    """How many quiet windows each of `count` windows gets: `per_window` on average, evenly."""
    totals = np.floor(np.arange(count + 1) * per_window + 0.5).astype(int)
    return [int(n) for n in np.diff(totals)]
