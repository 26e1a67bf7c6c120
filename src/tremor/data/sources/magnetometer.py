"""Windows of the magnetic field before earthquakes, and quiet ones that are like them."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd

from tremor.data.geomagnetic.activity import Activity
from tremor.data.geomagnetic.archive import Archive
from tremor.data.geomagnetic.classes import LEAST
from tremor.data.geomagnetic.clock import Clock
from tremor.data.geomagnetic.quiet import QuietRule
from tremor.data.geomagnetic.station_windows import StationWindows
from tremor.data.geomagnetic.windows import Reach, Shape, in_reach
from tremor.data.geomagnetic.writing import WindowWriter
from tremor.data.writer import RecordWriter
from tremor.errors import Refused

SPAN = "dataset.window_hours"


@dataclass(frozen=True)
class Magnetometer:
    """Windows of `window_hours` at stations that see an earthquake, and quiet windows beside them.

    The last of `windows` windows ends `lead_hours` before an earthquake of `min_magnitude` or more
    within `max_distance_km` (null: 10^(0.43 M) km). For each, `quiet_per_window` quiet ones are
    drawn (by `quiet_seed`) at the same station, in the same month (of the same year, where none is
    left of another) and at the same time of day, unless `match_month` or `match_hour` is off;
    `quiet_relax` lets neighbouring hours, then months, do where none is left. They are
    `quiet_days_away` days, and ahead of it no nearer than such windows, from every earthquake of
    M 4 or more within `max_distance_km` or 10^(0.43 M) km, whichever is more, and from the ends of
    the catalogue.

    Windows with a Kp above `max_kp` or a Dst (nT) below `min_dst` are left out, before earthquakes
    as in quiet times: else a storm would tell the classes apart. So are those with more than the
    share `max_missing` of gaps and spikes; spikes stand out by `spike_threshold` robust standard
    deviations (null: none is looked for).

    Stored is float32 in nT, each component less its median in the window, as a field of 40,000 nT
    in float32 is only good to 0.004 nT. With `station_scale` each component is divided by one
    number of its station, so that stations compare; it is off, as that takes away what H/D and Z/H
    say of direction, and levels in nT mean something by themselves.
    """

    archive: Archive
    window_hours: float = 6.0
    lead_hours: float = 0.0
    windows: int = 1
    max_distance_km: float | None = None
    min_magnitude: float = 4.0
    quiet_per_window: float = 1.0
    quiet_days_away: float = 3.0
    match_month: bool = True
    match_hour: bool = True
    quiet_relax: bool = False
    quiet_seed: int = 0
    max_kp: float | None = None
    min_dst: float | None = None
    max_missing: float = 0.1
    spike_threshold: float | None = 10.0
    station: str | None = None
    station_scale: bool = False

    def __post_init__(self) -> None:
        self._refuse(self.window_hours > 0, "window_hours", "6.0")
        self._refuse(self.lead_hours >= 0, "lead_hours", "0.0")
        self._refuse(self.windows >= 1, "windows", "1")
        self._refuse(self.max_distance_km is None or self.max_distance_km > 0, "max_distance_km")
        self._refuse(self.min_magnitude >= LEAST, "min_magnitude", f"{LEAST}")
        self._refuse(self.quiet_per_window >= 0, "quiet_per_window", "1.0")
        self._refuse(self.quiet_days_away >= 0, "quiet_days_away", "3.0")
        self._refuse(0 <= self.max_missing < 1, "max_missing", "0.1")
        self._refuse(self.spike_threshold is None or self.spike_threshold > 0, "spike_threshold")

    def _refuse(self, sound: bool, key: str, remedy: str = "null") -> None:
        if not sound:
            problem = f"{key} is {getattr(self, key)}"
            raise Refused(problem, f"dataset.{key}", f"dataset.{key}={remedy}")

    @property
    def channels(self) -> tuple[str, ...]:
        """The components of the field."""
        return tuple(self.archive.channels)

    @property
    def sampling_rate(self) -> float:
        """Samples a second (Hz)."""
        return self.archive.sampling_rate

    def files(self) -> list[Path]:
        """Day files and tables of the archive."""
        return self.archive.files()

    @property
    def _shape(self) -> Shape:
        clock = Clock(self.sampling_rate)
        return Shape(clock, self.window_hours, self.lead_hours, self.windows)

    def _rule(self, times: pd.Series) -> QuietRule:
        """What quiet windows must be like, with a catalogue of earthquakes at these times."""
        clock = self._shape.clock
        first, last = clock.at(np.asarray([times.min(), times.max()], "datetime64[us]")).tolist()
        return QuietRule(
            clock=clock,
            samples=self._shape.samples,
            days_away=self.quiet_days_away,
            ahead_hours=self.lead_hours + self.windows * self.window_hours,
            first=first,
            last=last,
            match_month=self.match_month,
            match_hour=self.match_hour,
            relax=self.quiet_relax,
            seed=self.quiet_seed,
        )

    def write(self, writer: RecordWriter) -> None:
        """All windows, station by station; each one that is unusable is set aside by name."""
        if self._shape.samples < 2:
            raise Refused(f"{self.window_hours} h is less than two samples", SPAN, f"{SPAN}=6.0")
        catalogue = self.archive.earthquakes()
        stations, quakes = self._stations(), self._strong(catalogue)
        for name, why in self.archive.notes():
            writer.set_aside(name, why)
        reach = Reach(self.max_distance_km)
        seen = {one.station: in_reach(quakes, one, reach) for one in stations}
        alone = set(quakes["event"]).difference(*(table["event"] for table in seen.values()))
        for event in sorted(alone):
            writer.set_aside(event, "no station within range")
        clock = self._shape.clock
        activity = Activity(self.archive.indices(), clock, self.max_kp, self.min_dst)
        output = WindowWriter(
            writer, self.archive, self._shape, activity, self.max_missing, self.spike_threshold
        )
        rule, wanted, drawn = self._rule(catalogue["time"]), 0, 0
        for one in stations:
            table, near = seen[one.station], self._near(catalogue, one)
            part = StationWindows(
                one.station, table, near, self._shape, rule, self.quiet_per_window
            )
            asked, got = part.write(output, self.station_scale)
            wanted, drawn = wanted + asked, drawn + got
        output.tell_notes()
        self._refuse_without_quiet(wanted, drawn)

    def _stations(self) -> list[pd.Series]:
        """The chosen stations' rows."""
        table = self.archive.stations()
        names = table["station"].tolist()
        if self.station is not None and self.station not in names:
            near = get_close_matches(self.station, names, n=1, cutoff=0.0)
            problem = f"there is no station {self.station}; there are {', '.join(names)}"
            raise Refused(problem, "dataset.station", f"dataset.station={near[0]}")
        chosen = table if self.station is None else table[table["station"] == self.station]
        return [row for _, row in chosen.iterrows()]

    def _near(self, catalogue: pd.DataFrame, station: pd.Series) -> pd.DataFrame:
        """Earthquakes that quiet windows stay away from, whether or not they count: some twice."""
        felt = catalogue[catalogue["magnitude"] >= LEAST]
        reaches = (Reach(self.max_distance_km), Reach(None))
        return pd.concat([in_reach(felt, station, reach) for reach in reaches])

    def _strong(self, table: pd.DataFrame) -> pd.DataFrame:
        """The catalogue's earthquakes that are strong enough."""
        strong = table[table["magnitude"] >= self.min_magnitude]
        if strong.empty:
            most = np.nanmax(table["magnitude"]) if len(table) else float("nan")
            problem = (
                f"no earthquake of M {self.min_magnitude:g} or more, the strongest is {most:g}"
            )
            remedy = f"dataset.min_magnitude={LEAST}, or a catalogue with stronger ones"
            raise Refused(problem, "dataset.min_magnitude", remedy)
        return strong

    def _refuse_without_quiet(self, wanted: int, drawn: int) -> None:
        if wanted and not drawn:
            raise Refused(
                f"not one of {wanted} quiet windows was found: no usable time of the same station, "
                f"month and time of day is {self.quiet_days_away:g} days from all earthquakes and "
                "from the ends of the catalogue",
                "dataset.quiet_days_away",
                "dataset.quiet_relax=true, or a smaller dataset.quiet_days_away, or give more days "
                "or a catalogue of more time",
            )
