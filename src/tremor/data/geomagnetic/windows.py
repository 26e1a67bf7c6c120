"""Windows before earthquakes: which station sees which, and whose a moment is."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tremor.data.geomagnetic.archive import Note
from tremor.data.geomagnetic.classes import azimuth_class, magnitude_class
from tremor.data.geomagnetic.clock import Clock
from tremor.data.geomagnetic.sphere import azimuth_deg, distance_km
from tremor.data.sources.cells import written
from tremor.data.writer import Row

DOBROVOLSKY = 0.43  # log10 of km per unit of magnitude


@dataclass(frozen=True)
class Reach:
    """How far an earthquake is looked for: `max_distance_km`, or 10^(0.43 M) km where it is null.

    The latter is the radius of the zone of preparation after Dobrovolsky et al. (1979).
    """

    max_distance_km: float | None

    def __call__(self, magnitude: Any) -> Any:
        """The radius (km) for magnitudes."""
        if self.max_distance_km is not None:
            return np.full(np.shape(magnitude), self.max_distance_km)
        return 10.0 ** (DOBROVOLSKY * np.asarray(magnitude))


@dataclass(frozen=True)
class Precursor:
    """A window that ends before an earthquake: its first sample, and the earthquake's facts."""

    station: str
    at: int
    event: str
    magnitude: float
    facts: Row


@dataclass(frozen=True)
class Shape:
    """Windows of `hours`, the last of `count` ending `lead` hours before the earthquake."""

    clock: Clock
    hours: float
    lead: float
    count: int

    @property
    def samples(self) -> int:
        """Samples of a window."""
        return self.clock.of_hours(self.hours)

    def before(self, origin: int) -> Iterator[tuple[int, float]]:
        """The first sample of each window and its lead (h), the latest first."""
        for number in range(self.count):
            lead = self.lead + number * self.hours
            yield origin - self.clock.of_hours(lead) - self.samples, lead


def in_reach(quakes: pd.DataFrame, station: pd.Series, reach: Reach) -> pd.DataFrame:
    """The earthquakes that a station sees, with their distance (km) and azimuth (degrees)."""
    here, there = (station.latitude, station.longitude), (quakes["latitude"], quakes["longitude"])
    seen = quakes.assign(
        distance_km=distance_km(*here, *there), azimuth_deg=azimuth_deg(*here, *there)
    )
    near: pd.DataFrame = seen[seen["distance_km"] <= reach(quakes["magnitude"])]
    return near


def precursors(seen: pd.DataFrame, station: str, shape: Shape) -> list[Precursor]:
    """All windows of a station before the earthquakes that it sees."""
    origins = shape.clock.at(seen["time"].to_numpy())
    quakes: list[Any] = list(seen.itertuples())
    return [
        Precursor(station, at, quake.event, quake.magnitude, _facts(quake, lead))
        for quake, origin in zip(quakes, origins.tolist(), strict=True)
        for at, lead in shape.before(origin)
    ]


def _facts(quake: Any, lead: float) -> Row:
    """The columns of a window's row that tell of its earthquake: UTC, degrees, km, h."""
    strong = magnitude_class(quake.magnitude)
    return {
        "group": quake.event,
        "label": strong,
        "label_magnitude": strong,
        "label_azimuth": azimuth_class(quake.azimuth_deg),
        "event_time": written(quake.time.to_pydatetime()),
        "event_magnitude": quake.magnitude,
        "event_latitude": quake.latitude,
        "event_longitude": quake.longitude,
        "event_depth_km": quake.depth_km,
        "distance_km": round(quake.distance_km, 3),
        "azimuth_deg": round(quake.azimuth_deg, 3),
        "lead_hours": lead,
    }


def without_overlaps(
    windows: list[Precursor], samples: int, clock: Clock
) -> tuple[list[Precursor], list[Note]]:
    """One station's windows, none of which overlap: the stronger earthquake's stays."""
    starts: list[int] = []
    owners: dict[int, Precursor] = {}
    notes: list[Note] = []
    for window in sorted(windows, key=lambda one: (-one.magnitude, one.at)):
        place = bisect_left(starts, window.at)
        near = [at for at in starts[max(place - 1, 0) : place + 1] if abs(at - window.at) < samples]
        if near:
            owner = owners[near[0]]
            name = f"{clock.name(window.station, window.at)} of {window.event}"
            why = f"its time belongs to {owner.event} (M {owner.magnitude:g})"
            notes.append((name, why))
        else:
            insort(starts, window.at)
            owners[window.at] = window
    return [owners[at] for at in starts], notes
