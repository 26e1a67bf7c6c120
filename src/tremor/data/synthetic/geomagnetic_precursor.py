"""The made-up precursor: what a station's field holds before an earthquake in reach.

A construction, not physics. A real linearly polarised wave gives its direction but for 180 degrees,
and the band powers of its components give it but for a reflection. Here the four half planes are
told by the frequency: the share of H (the cosine of the azimuth from station to epicentre) lies in
the lower half of the band towards the north and in the upper half towards the south; the share of D
(the sine) in the lower half towards the east and in the upper half towards the west. So the powers
of H and D in the two halves are those of north, south, east and west, without a jump at any angle.
Z holds both halves whatever the direction. The size grows with the magnitude alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len

from tremor.data.synthetic.geomagnetic_sites import Floats, Site, frequencies
from tremor.data.synthetic.geomagnetic_weather import HOUR

SIZE = 0.16  # nT, rms over the bursts at magnitude 5.5 and effect size 1
GROWTH = 0.33  # log10 of the size for each magnitude
SCATTER = 0.07  # of the size among earthquakes (log)
VERTICAL = 0.7  # Z relative to the horizontal field
ANYWHERE = np.sqrt([[0.25, 0.25], [0.25, 0.25], [VERTICAL**2 / 2] * 2])  # shares, azimuth unknown
EDGE = 0.001  # Hz in which a half of the band begins and ends
EVERY, BURST = 2400.0, 2400.0  # s from burst to burst, and their length


@dataclass(frozen=True)
class Precursor:
    """The signal before one earthquake at one station.

    `time` of the earthquake in s from the world's start, `hours` before it, `band` in Hz, `azimuth`
    from station to epicentre in degrees, `size` in nT.
    """

    seed: int
    site: Site
    event: int
    time: float
    hours: float
    band: tuple[float, float]
    azimuth: float
    size: float

    @property
    def start(self) -> float:
        """When it begins (s)."""
        return self.time - self.hours * HOUR

    def field(self, t: Floats, rate: float) -> Floats:
        """The signal (nT), `(H D Z, time)`, at times that are whole samples from the start."""
        made = np.zeros((3, len(t)))
        inside = np.flatnonzero((t >= self.start) & (t < self.time))
        if len(inside) and self.size:
            whole = next_fast_len(round(self.hours * HOUR * rate), real=True)
            waves = self._waves(whole, rate)
            at = np.round((t[inside] - self.start) * rate).astype(np.int64) % whole
            made[:, inside] = self.shares @ waves[:, at] * self.envelope(t[inside])
        return made * self.size

    def _waves(self, samples: int, rate: float) -> Floats:
        """Noise in the lower and the upper half of the band, `(half, time)`, of rms 1."""
        rng = np.random.default_rng((self.seed, 38, self.event, self.site.number))
        f = frequencies(samples, rate)
        white = rng.standard_normal((2, len(f), 2)).view(np.complex128)[..., 0]
        return np.asarray(
            irfft(white * np.sqrt(halves(self.band, f) * samples * rate / 4), samples)
        )

    @property
    def shares(self) -> Floats:
        """Size of each half of the band on each component, `(H D Z, half)`."""
        return shares_of(self.azimuth)

    def envelope(self, t: Floats) -> Floats:
        """Bursts of about 40 minutes, one after another, at times `t` (s): 0 to 1."""
        rng = np.random.default_rng((self.seed, 39, self.event, self.site.number))
        count = int(np.ceil(self.hours * HOUR / EVERY))
        centres = self.start + EVERY * (np.arange(count) + rng.uniform(0.3, 0.7, count))
        away = np.abs(t - centres[:, None]).min(axis=0) / (BURST / 2)
        inside = (t >= self.start) & (t < self.time)
        return np.asarray(inside * np.cos(0.5 * np.pi * away.clip(0, 1)) ** 2)

    def power(self, t: Floats, f: Floats) -> Floats:
        """Expected power spectral density (nT²/Hz), `(H D Z, frequency, time)`."""
        return power_of(self.shares, self.size * self.envelope(t), self.band, f)


def shares_of(azimuth: float) -> Floats:
    """Size of each half of the band on each component, `(H D Z, half)`, towards an azimuth."""
    north, east = np.cos(np.deg2rad(azimuth)), np.sin(np.deg2rad(azimuth))
    vertical = VERTICAL * np.sqrt(0.5)
    return np.array(
        [
            [max(north, 0.0), max(-north, 0.0)],
            [max(east, 0.0), max(-east, 0.0)],
            [vertical, vertical],
        ]
    )


def power_of(shares: Floats, size: Floats, band: tuple[float, float], f: Floats) -> Floats:
    """Expected power (nT²/Hz), `(H D Z, frequency, time)`, where `size` (nT) goes with time."""
    return np.asarray((shares**2 @ halves(band, f))[:, :, None] * size**2)


def halves(band: tuple[float, float], f: Floats) -> Floats:
    """Power densities of integral 1 in the two halves of a band, `(half, frequency)`."""
    middle = (band[0] + band[1]) / 2
    return np.stack([_between(band[0], middle, f), _between(middle, band[1], f)])


def _between(low: float, high: float, f: Floats) -> Floats:
    """1 between two frequencies with edges of `EDGE` inside them, over its integral."""
    shape = np.minimum((f - low) / EDGE, (high - f) / EDGE).clip(0, 1)
    return np.asarray(shape / (high - low - EDGE))


def size_of(magnitude: Floats, rng: np.random.Generator) -> Floats:
    """Size (nT) of the precursors of earthquakes, at effect size 1."""
    scatter = SCATTER * rng.standard_normal(len(magnitude))
    return np.asarray(SIZE * 10 ** (GROWTH * (magnitude - 5.5) + scatter))


def typical(magnitudes: tuple[float, float]) -> float:
    """Size (nT) that has the mean power of a precursor, at the middle of some magnitudes."""
    middle = sum(magnitudes) / 2
    return float(np.sqrt(3 / 8) * SIZE * 10 ** (GROWTH * (middle - 5.5)))
