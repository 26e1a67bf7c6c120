"""Where the made-up magnetometers stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tremor.data.geomagnetic.sphere import distance_km
from tremor.errors import Refused

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Site:
    """A station: its code, its place (degrees), and a number that decides its own randomness."""

    name: str
    latitude: float
    longitude: float
    number: int


PLACES = {  # along Sumatra and Java, where such stations stand
    "LWA": (-5.02, 104.06),
    "SKB": (-7.07, 106.53),
    "YOG": (-7.73, 110.35),
    "KPY": (-3.68, 102.58),
    "SCN": (-0.55, 100.30),
    "TRT": (-7.71, 112.64),
    "GSI": (1.30, 97.58),
    "SBG": (5.88, 95.34),
    "TNG": (-6.17, 106.65),
    "DNP": (-8.68, 115.21),
}


def sites_of(stations: int | Sequence[str]) -> tuple[Site, ...]:
    """The first so many stations, or those that are named."""
    known = {name: Site(name, *at, i) for i, (name, at) in enumerate(PLACES.items())}
    names = list(PLACES)[: max(stations, 0)] if isinstance(stations, int) else list(stations)
    many = isinstance(stations, int) and not 1 <= stations <= len(PLACES)
    if many or not names or len(set(names)) != len(names) or not set(names) <= set(known):
        raise Refused(
            f"stations are {stations}: at least one, each once, of {', '.join(known)}",
            "the synthetic geomagnetic world",
            f"give 1 to {len(PLACES)}, or names, such as [LWA,SKB]",
        )
    return tuple(known[name] for name in names)


def distances(sites: Sequence[Site], latitude: Any, longitude: Any) -> Floats:
    """Great-circle distances (km) of places from stations, `(place, station)`."""
    to = np.asarray(latitude)[:, None], np.asarray(longitude)[:, None]
    latitudes, longitudes = np.array([(site.latitude, site.longitude) for site in sites]).T
    return distance_km(latitudes, longitudes, *to)


def frequencies(samples: int, rate: float) -> Floats:
    """Frequencies (Hz) of the spectrum of so many real samples."""
    return np.asarray(np.fft.rfftfreq(samples, 1 / rate), np.float64)
