"""The made-up earthquakes: when and where they happen, how large, and who has their precursor."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.geomagnetic.sphere import RADIUS, azimuth_deg
from tremor.data.geomagnetic.windows import Reach
from tremor.data.synthetic.geomagnetic_precursor import Precursor, size_of
from tremor.data.synthetic.geomagnetic_settings import WHERE
from tremor.data.synthetic.geomagnetic_sites import Floats, Site, distances
from tremor.data.synthetic.geomagnetic_weather import DAY, HOUR
from tremor.errors import Refused

SECTORS = 8  # of the compass, the first one centred on north
NEAR, FAR = 0.2, 0.9  # distance of an earthquake from its station, shares of its radius
FARTHEST = 350.0  # km, of the radius that those are shares of
FLATTENED = 0.15  # b of the magnitudes: 1 in nature, where large ones are too few to learn from
TRIES = 2000  # for a time at which no other earthquake disturbs
BESIDE = 6 * HOUR  # between an earthquake and the precursor of the next at one station


@dataclass(frozen=True)
class Earthquakes:
    """`count` earthquakes in `days` days around `sites`, and the precursors of `hours` before them.

    `magnitudes` are the least and the largest; `band` is the precursor's, in Hz.
    """

    seed: int
    sites: tuple[Site, ...]
    count: int
    days: int
    magnitudes: tuple[float, float]
    reach: Reach
    hours: float
    band: tuple[float, float]

    @cached_property
    def table(self) -> pd.DataFrame:
        """In order of time: event, latitude, longitude, depth_km, magnitude, seconds, size.

        `seconds` are from the world's start, `size` is the precursor's (nT) at effect size 1.
        """
        rng = np.random.default_rng((self.seed, 30))
        table = _drawn(rng, self.sites, self.count, self.magnitudes, self.reach)
        table["size"] = size_of(table["magnitude"].to_numpy(), rng)
        apart = self.hours * HOUR + BESIDE
        table["seconds"] = _times(rng, self._seen(table), apart, self.days * DAY, apart)
        table = table.sort_values("seconds", ignore_index=True)
        return table.assign(event=[f"ev{number:05d}" for number in range(len(table))])

    def _seen(self, table: pd.DataFrame) -> NDArray[np.bool_]:
        away = distances(self.sites, table["latitude"], table["longitude"])
        return np.asarray(away <= self.reach(table["magnitude"])[:, None])

    @cached_property
    def near(self) -> NDArray[np.bool_]:
        """Which earthquakes have a precursor at which station, `(event, station)`."""
        return self._seen(self.table)

    def seen_by(self, site: Site) -> Floats:
        """Number and time (s) of each earthquake with a precursor at a station, `(event, 2)`."""
        numbers = np.flatnonzero(self.near[:, self.sites.index(site)])
        return np.column_stack([numbers, self.table["seconds"].to_numpy()[numbers]])

    def precursor(self, site: Site, event: int, effect_size: float) -> Precursor:
        """What a station has of an earthquake; nothing where it is out of reach."""
        near = self.near[event, self.sites.index(site)]
        place = self.table["latitude"][event], self.table["longitude"][event]
        return Precursor(
            seed=self.seed,
            site=site,
            event=event,
            time=float(self.table["seconds"][event]),
            hours=self.hours,
            band=self.band,
            azimuth=float(azimuth_deg(site.latitude, site.longitude, *place)),
            size=float(near * effect_size * self.table["size"][event]),
        )

    def named(self, name: str) -> int:
        """The number of an earthquake."""
        found = np.flatnonzero(self.table["event"] == name)
        if not len(found):
            fault = f"there is no earthquake {name}"
            raise Refused(fault, WHERE, "give records of the world itself")
        return int(found[0])


def _place(site: Site, distance: float, azimuth: float) -> tuple[float, float]:
    """Latitude and longitude so far from a station in a direction."""
    here, far, turn = np.deg2rad(site.latitude), distance / RADIUS, np.deg2rad(azimuth)
    there = np.arcsin(np.sin(here) * np.cos(far) + np.cos(here) * np.sin(far) * np.cos(turn))
    east = np.sin(turn) * np.sin(far) * np.cos(here)
    around = np.arctan2(east, np.cos(far) - np.sin(here) * np.sin(there))
    return float(np.rad2deg(there)), float(site.longitude + np.rad2deg(around))


def _drawn(
    rng: np.random.Generator,
    sites: Sequence[Site],
    n_events: int,
    magnitudes: tuple[float, float],
    reach: Reach,
) -> pd.DataFrame:
    """Size and place of earthquakes: `latitude, longitude, depth_km, magnitude`.

    Each lies around a station in turn, within its radius of `reach`, in a sector in turn; the
    sector knows nothing of the size. Magnitudes follow Gutenberg and Richter with b flattened to
    `FLATTENED`: from 4 to 7 that gives 45 % below 5, 32 % below 6, and 23 % above.
    """
    home = rng.permutation(np.arange(n_events) % len(sites))
    azimuth = (
        rng.permutation(np.arange(n_events) % SECTORS) + rng.uniform(-0.5, 0.5, n_events)
    ) * (360 / SECTORS)
    low, high = magnitudes
    share = rng.permutation((np.arange(n_events) + rng.uniform(0, 1, n_events)) / n_events)
    size = low - np.log10(1 - share * (1 - 10 ** (FLATTENED * (low - high)))) / FLATTENED
    size = size.round(1).clip(low, high)
    distance = rng.uniform(NEAR, FAR, n_events) * np.minimum(reach(size), FARTHEST)
    places = [_place(sites[h], d, a) for h, d, a in zip(home, distance, azimuth, strict=True)]
    return pd.DataFrame(
        {
            "latitude": np.round([p[0] for p in places], 4),
            "longitude": np.round([p[1] for p in places], 4),
            "depth_km": rng.uniform(10, 60, n_events).round(1),
            "magnitude": size,
        }
    )


def _times(
    rng: np.random.Generator, seen: NDArray[np.bool_], first: float, last: float, apart: float
) -> Floats:
    """Times (s) between `first` and `last`, at random; `seen` is `(event, station)`.

    Earthquakes that one station sees are at least `apart` seconds from each other, so that no
    record holds the precursors of two.
    """
    times = np.full(len(seen), np.inf)
    for event in range(len(seen)):
        others = times[(seen & seen[event]).any(axis=1) & np.isfinite(times)]
        tried = np.floor(rng.uniform(first, last, TRIES))
        times[event] = _free(tried, others, apart, len(seen))
    return times


def _free(tried: Floats, others: Iterable[float], apart: float, n_events: int) -> float:
    """The first time tried that is far from those taken."""
    free = np.ones(len(tried), bool)
    for other in others:
        free &= np.abs(tried - other) >= apart
    if not free.any():
        raise Refused(
            f"{n_events} earthquakes do not fit: a station sees them {apart / 3600:g} hours apart",
            WHERE,
            "give more n_days, fewer n_events, or a smaller reach_km",
        )
    return float(tried[free.argmax()])
