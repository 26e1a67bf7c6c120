"""Pulsations Pc3 to Pc5: packets of waves that all stations see, strongest by day and in storms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tremor.data.synthetic.geomagnetic_sites import Floats, Site
from tremor.data.synthetic.geomagnetic_weather import DAY, HOUR, NOON, SpaceWeather

LONGEST = 2 * HOUR  # of a packet


@dataclass(frozen=True)
class Kind:
    """A class of pulsations: its band (Hz), packets a day, their length (s), and size (nT)."""

    low: float
    high: float
    a_day: float
    shortest: float
    longest: float
    size: float


KINDS = (
    Kind(0.022, 0.100, 40, 480, 1800, 0.12),  # Pc3
    Kind(0.007, 0.022, 25, 1200, 3600, 0.25),  # Pc4
    Kind(0.002, 0.007, 12, 2400, LONGEST, 0.9),  # Pc5
)


@dataclass(frozen=True)
class Packet:
    """One packet: its start and length (s), frequency (Hz), and complex size on H, D, Z (nT)."""

    start: float
    length: float
    frequency: float
    size: tuple[complex, complex, complex]


@dataclass(frozen=True)
class Pulsations:
    """The packets of every day; they are the same at all stations but for gain and daylight."""

    seed: int
    weather: SpaceWeather

    def packets(self, day: int) -> list[Packet]:
        """The packets that start on a day of the world, which the day's number alone decides."""
        rng = np.random.default_rng((self.seed, 32, day + 1))
        return [p for kind in KINDS for p in self._drawn(kind, rng, day)]

    def _drawn(self, kind: Kind, rng: np.random.Generator, day: int) -> list[Packet]:
        count = rng.poisson(kind.a_day)
        start = (day + rng.uniform(0, 1, count)) * DAY
        length = rng.uniform(kind.shortest, kind.longest, count)
        frequency = kind.low * (kind.high / kind.low) ** rng.uniform(0, 1, count)
        size = kind.size * rng.lognormal(0, 0.5, count)
        size *= 10 ** (0.12 * (self.weather.activity(start) - 2))
        ratio = np.stack(
            [np.ones(count), rng.uniform(0.2, 0.8, count), rng.uniform(0.1, 0.3, count)]
        )
        phase = np.exp(2j * np.pi * rng.uniform(0, 1, (3, count)))
        sizes = (size * ratio * phase).T
        return [
            Packet(float(a), float(b), float(c), (complex(h), complex(d), complex(z)))
            for a, b, c, (h, d, z) in zip(start, length, frequency, sizes, strict=True)
        ]

    def field(self, site: Site, t: Floats) -> Floats:
        """What a station sees (nT), `(H D Z, time)`, at evenly spaced times (s)."""
        gains = np.random.default_rng((self.seed, 33, site.number)).lognormal(0, 0.15, 3)
        made = np.zeros((3, len(t)))
        days = range(int((t[0] - LONGEST) // DAY), int(t[-1] // DAY) + 1)
        for packet in (p for day in days for p in self.packets(day)):
            _add(made, t, packet, gains * _daylight(site, packet.start + packet.length / 2))
        return made


def _daylight(site: Site, t: float) -> float:
    """Share of a packet's size that a station sees by local time: all at noon, least at night."""
    hours = 2 * np.pi * (t / DAY + (site.longitude / 15 - NOON) / 24)
    return float(0.3 + 0.7 * (0.5 + 0.5 * np.cos(hours)))


def _add(made: Floats, t: Floats, packet: Packet, gains: Floats) -> None:
    """Add one packet, a wave under a Hann window, to the samples that it reaches."""
    first, last = np.searchsorted(t, (packet.start, packet.start + packet.length))
    if first == last:
        return
    since = t[first:last] - packet.start
    wave = np.exp(2j * np.pi * packet.frequency * since)
    wave *= np.sin(np.pi * since / packet.length) ** 2
    sizes = gains * np.array(packet.size)
    made[:, first:last] += sizes.real[:, None] * wave.real - sizes.imag[:, None] * wave.imag
