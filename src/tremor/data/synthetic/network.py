"""One sequence of earthquakes seen by several stations, each with its own ground and noise."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np
import pandas as pd

from tremor.data.synthetic.norcia import NorciaWorld
from tremor.data.synthetic.source_model import Floats
from tremor.data.synthetic.station import Index, Signal
from tremor.errors import Refused

NAMES = ("NRCA", "T1212", "T1213", "T1214", "T1216", "T1244", "FDMO", "MC2", "MMO1")
WIDTH = 0.35  # of the resonance of the ground, as a logarithm of the frequency


@dataclass(frozen=True)
class Site(NorciaWorld):
    """The world's events from another place: `site` counts the stations.

    Soft ground amplifies around a frequency of its own (2 to 9 Hz); distances, noise and the
    scattered waves differ from those of other stations, the sources do not.
    """

    site: int = 0
    name: str = "SYN"

    @cached_property
    def _table(self) -> pd.DataFrame:
        events = self._events(np.random.default_rng((self.seed, 0)))
        rng = self._rng(6, 0)
        flat = np.sqrt(events["distance_km"] ** 2 - events["depth_km"] ** 2)
        flat = (flat * rng.lognormal(0, 0.3, len(events))).clip(2, 20)
        distance = np.hypot(flat, events["depth_km"])
        return self._windowed(rng, events.assign(station=self.name, distance_km=distance))

    def _rng(self, kind: int, number: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, kind, number, self.site))

    @cached_property
    def ground(self) -> tuple[float, float]:
        """Frequency (Hz) and gain of the resonance."""
        rng = self._rng(7, 0)
        return float(np.exp(rng.uniform(np.log(2), np.log(9)))), float(rng.uniform(0.5, 3.0))

    @cached_property
    def _colour(self) -> Floats:
        return super()._colour * np.float32(self._rng(8, 0).lognormal(0, 0.4))

    def _amplitude(self, f: Floats, column: dict[str, Floats], speed: float) -> Floats:
        at, gain = self.ground
        away = np.log(np.maximum(f, 1e-3) / at) / WIDTH
        return super()._amplitude(f, column, speed) * (1 + gain * np.exp(-0.5 * away**2))


@dataclass(frozen=True)
class NorciaNetwork(NorciaWorld):
    """All records of `stations`, or of one `station` of them: each event once at each."""

    stations: tuple[str, ...] = NAMES[:3]
    station: str | None = None

    def __post_init__(self) -> None:
        if not self.stations or len(set(self.stations)) != len(self.stations):
            problem = f"stations are {list(self.stations)}: at least one, and none of them twice"
            raise Refused(problem, "stations", f"stations=[{','.join(NAMES[:3])}]")
        if self.station is not None and self.station not in self.stations:
            there = ", ".join(self.stations)
            fault = f"there is no station {self.station} ({there})"
            raise Refused(fault, "dataset.station", f"dataset.station={self.stations[0]}")
        super().__post_init__()

    @cached_property
    def sites(self) -> tuple[Site, ...]:
        """The stations one by one."""
        shared = {f.name: getattr(self, f.name) for f in fields(NorciaWorld)}
        made = (Site(**shared, site=n, name=name) for n, name in enumerate(self.stations))
        return tuple(site for site in made if self.station in (None, site.name))

    @cached_property
    def _table(self) -> pd.DataFrame:
        tables = [site.catalogue() for site in self.sites]
        for table in tables:
            table["record_id"] = table["station"] + "__" + table["record_id"]
        return pd.concat(tables, ignore_index=True)

    def waveforms(self, rows: Index | slice) -> Signal:
        wanted = np.arange(len(self._table))[rows]
        each = len(self._table) // len(self.sites)
        made = np.empty((len(wanted), len(self.channels), self.samples), np.float32)
        for number, site in enumerate(self.sites):
            ours = wanted // each == number
            made[ours] = site.waveforms(wanted[ours] % each)
        return made

    def evidence(self, row: pd.Series, times: Floats, frequencies: Floats) -> Floats:
        site = next(site for site in self.sites if site.name == row["station"])
        return site.evidence(row, times, frequencies)
