"""A synthetic geomagnetic world: magnetometers, space weather, and earthquakes with a precursor.

What distinguishes the windows before earthquakes from quiet ones is explicit (see
`geomagnetic_precursor`): noise in a narrow band whose size goes with the magnitude and whose share
on the components goes with the azimuth. `effect_size` scales it; at 0 nothing distinguishes them,
and all else is as it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd

from tremor.data.geomagnetic.archive import Day, Note
from tremor.data.geomagnetic.windows import Reach
from tremor.data.synthetic import geomagnetic_precursor as precursor
from tremor.data.synthetic.geomagnetic_earthquakes import BESIDE, Earthquakes
from tremor.data.synthetic.geomagnetic_fingerprint import Fingerprints
from tremor.data.synthetic.geomagnetic_noise import StationNoise
from tremor.data.synthetic.geomagnetic_pulsations import Pulsations
from tremor.data.synthetic.geomagnetic_settings import WHERE, check
from tremor.data.synthetic.geomagnetic_sites import Floats, Site, sites_of
from tremor.data.synthetic.geomagnetic_weather import DAY, HOUR, SpaceWeather
from tremor.errors import Refused

MAIN_FIELD = np.array([38500.0, 150.0, -18000.0])  # nT on H, D and Z
STEP = 0.01  # nT, the resolution of the instruments and of their files


@dataclass(frozen=True)
class GeomagneticWorld:
    """An archive without files: `n_days` UTC days from `start` at `sites` (how many, or names).

    The precursor fills `band_mhz` during `precursor_hours` before each of `n_events` earthquakes,
    at stations within `reach_km` (null: 10^(0.43 M) km); `effect_size` scales it (0: there is
    none). `noise_level` is a station's noise in the Pc3 band (nT, rms). `fingerprint` is the
    strength of lines that name an earthquake or a quiet day and no class (0: there are none; 1: as
    strong as the station's noise around them). Samples are in nT, D is the eastward component, and
    spikes are left in.
    """

    n_events: int = 120
    sites: int | Sequence[str] = 4
    n_days: int = 365
    start: str = "2018-01-01"
    sampling_rate: float = 1.0
    effect_size: float = 1.0
    fingerprint: float = 0.0
    noise_level: float = 0.08
    seed: int = 0
    min_magnitude: float = 4.0
    max_magnitude: float = 7.0
    precursor_hours: float = 12.0
    band_mhz: Sequence[float] = (22.0, 40.0)
    reach_km: float | None = 350.0

    channels: ClassVar[tuple[str, ...]] = ("H", "D", "Z")

    def __post_init__(self) -> None:
        check(vars(self))
        sites_of(self.sites)

    def files(self) -> list[Path]:
        """None: nothing comes from outside."""
        return []

    def notes(self) -> list[Note]:
        """None: all that is made can be used."""
        return []

    def stations(self) -> pd.DataFrame:
        """One row a station: station, latitude, longitude (degrees)."""
        rows = [(site.name, site.latitude, site.longitude) for site in self._sites]
        return pd.DataFrame(rows, columns=["station", "latitude", "longitude"])

    def earthquakes(self) -> pd.DataFrame:
        """One row an earthquake in order of time: event, time (UTC), place, depth, magnitude."""
        table = self._quakes.table
        time = self._start + pd.to_timedelta(table["seconds"], unit="s")
        columns = ["event", "time", "latitude", "longitude", "depth_km", "magnitude"]
        return table.assign(time=time.astype("datetime64[us]"))[columns]

    def indices(self) -> pd.DataFrame:
        """Hourly `time` (UTC), `kp` (one in three hours) and `dst` (nT), as the storms have it."""
        return self._weather.indices(self._start)

    def days(self) -> list[tuple[str, date]]:
        """Every station on every day."""
        made = pd.date_range(self._start, periods=self.n_days)
        return [(site.name, day.date()) for site in self._sites for day in made]

    def day(self, station: str, day: date) -> Day:
        """One UTC day in nT, `(H D Z, time)`: NaN in gaps, in steps of 0.01 nT as in files."""
        site, number = self._site(station), self._number(day)
        t = number * DAY + np.arange(round(DAY * self.sampling_rate)) / self.sampling_rate
        made = MAIN_FIELD[:, None] + self._weather.field(site, t)
        made += Pulsations(self.seed, self._weather).field(site, t)
        made += self._noise.field(site, number)
        for event, time in self._quakes.seen_by(site):
            if t[0] < time < t[-1] + self.precursor_hours * HOUR:
                heard = self._quakes.precursor(site, int(event), self.effect_size)
                made += heard.field(t, self.sampling_rate)
        if self.fingerprint:
            made += self.fingerprint * self._fingerprints.field(site, number, t)
        at, channel, height = self._noise.spikes(site, number)
        made[channel, at] += height
        made[:, self._noise.missing(site, number)] = np.nan
        return Day(np.round(made / STEP) * STEP)

    def evidence(self, row: pd.Series, times_s: Floats, frequencies_hz: Floats) -> Floats:
        """Where the class shows in a record: the expected change of log10 power between classes.

        `(H D Z, frequency, time)` for times from the window's start: before an earthquake what its
        precursor adds to the station's noise, in a quiet window what is absent, the precursor of an
        earthquake of middle magnitude towards anywhere. Zero everywhere at effect size 0.
        """
        site = self._site(str(row["station"]))
        noise = self._noise.power(site, frequencies_hz)[:, :, None]
        if pd.isna(row["event_time"]):
            size = np.full(len(times_s), self.effect_size * precursor.typical(self._magnitudes))
            power = precursor.power_of(precursor.ANYWHERE, size, self._band, frequencies_hz)
        else:
            began = pd.Timestamp(str(row["start_time"])).tz_localize(None)
            since = (began - self._start).total_seconds()
            number = self._quakes.named(str(row["group"]))
            event = self._quakes.precursor(site, number, self.effect_size)
            power = event.power(since + np.asarray(times_s), frequencies_hz)
        return np.asarray(np.log10(1 + power / noise))

    def _site(self, station: str) -> Site:
        for site in self._sites:
            if site.name == station:
                return site
        there = ", ".join(site.name for site in self._sites)
        raise Refused(f"there is no station {station}", WHERE, f"one of {there}")

    def _number(self, day: date) -> int:
        """Days from the world's start."""
        number = (pd.Timestamp(day) - self._start).days
        if not 0 <= number < self.n_days:
            last = self._start + pd.Timedelta(days=self.n_days - 1)
            fault = f"there is no day {day}: {self._start.date()} to {last.date()}"
            raise Refused(fault, WHERE, "give more n_days, or another start")
        return int(number)

    @cached_property
    def _start(self) -> pd.Timestamp:
        return pd.Timestamp(str(self.start))

    @cached_property
    def _sites(self) -> tuple[Site, ...]:
        return sites_of(self.sites)

    @cached_property
    def _weather(self) -> SpaceWeather:
        return SpaceWeather(self.seed, self.n_days)

    @cached_property
    def _noise(self) -> StationNoise:
        return StationNoise(self.seed, self.noise_level, self.sampling_rate)

    @property
    def _magnitudes(self) -> tuple[float, float]:
        return self.min_magnitude, self.max_magnitude

    @property
    def _band(self) -> tuple[float, float]:
        """Of the precursor, in Hz."""
        return self.band_mhz[0] / 1000, self.band_mhz[1] / 1000

    @cached_property
    def _quakes(self) -> Earthquakes:
        return Earthquakes(
            seed=self.seed,
            sites=self._sites,
            count=self.n_events,
            days=self.n_days,
            magnitudes=self._magnitudes,
            reach=Reach(self.reach_km),
            hours=self.precursor_hours,
            band=self._band,
        )

    @cached_property
    def _fingerprints(self) -> Fingerprints:
        events = {site.number: self._quakes.seen_by(site) for site in self._sites}
        return Fingerprints(self._noise, events, self.precursor_hours * HOUR + BESIDE)
