"""What a station adds of its own: noise with more power at low frequencies, gaps, and spikes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len

from tremor.data.synthetic.geomagnetic_sites import Floats, Site, frequencies
from tremor.data.synthetic.geomagnetic_weather import DAY, HOUR

PC3 = (0.022, 0.100)  # Hz
SHARES = np.array([1.0, 0.9, 0.7])  # of H, D and Z in a station's noise
FADE = 3 * HOUR  # in which a day's noise goes over into that of the next
FLAT = 2e-4  # Hz, below which the noise is white, so that it does not wander off
GAPS, GAP = 0.5, 240.0  # a day, and their mean length (s)
OUTAGES = 0.02  # share of the days on which a station fails for 1 to 12 hours
SPIKES = 1.0  # a day


@dataclass(frozen=True)
class StationNoise:
    """Noise of every station and day; `level` is its rms in the Pc3 band on H (nT).

    The level of a station is its own (a factor of about 1.35 either way), and so is the fall of
    its spectrum; each day is a little louder or quieter than the others.
    """

    seed: int
    level: float
    rate: float

    def power(self, site: Site, f: Floats) -> Floats:
        """Power spectral density `(H D Z, frequency)` in nT²/Hz, one-sided."""
        rng = np.random.default_rng((self.seed, 34, site.number))
        level = self.level * rng.lognormal(0, 0.3) * SHARES * rng.lognormal(0, 0.1, 3)
        fall = rng.uniform(1.6, 2.2)
        low, high = PC3
        band = (low ** (1 - fall) - high ** (1 - fall)) / (fall - 1)
        return np.asarray(level[:, None] ** 2 * np.maximum(f, FLAT) ** -fall / band)

    def field(self, site: Site, day: int) -> Floats:
        """The noise of a whole day (nT), `(H D Z, time)`, continuous at midnight."""
        samples, fade = round(DAY * self.rate), round(FADE * self.rate)
        made = self._block(site, day, samples)
        before = self._block(site, day - 1, samples + fade)[:, samples:]
        turn = 0.5 * np.pi * (np.arange(fade) + 0.5) / fade
        made[:, :fade] = made[:, :fade] * np.sin(turn) + before * np.cos(turn)
        return made

    def _block(self, site: Site, day: int, samples: int) -> Floats:
        """The first samples of a day's noise, which goes on beyond midnight."""
        whole = next_fast_len(round((DAY + FADE) * self.rate), real=True)
        rng = np.random.default_rng((self.seed, 35, site.number, day + 1))
        f = frequencies(whole, self.rate)
        size = np.sqrt(self.power(site, f) * whole * self.rate / 4) * rng.lognormal(0, 0.12)
        white = rng.standard_normal((3, len(f), 2), dtype=np.float32).view(np.complex64)[..., 0]
        white[:, 0] = 0
        return np.asarray(irfft(white * size.astype(np.float32), whole)[:, :samples], np.float64)

    def missing(self, site: Site, day: int) -> NDArray[np.bool_]:
        """Which samples `(time,)` of a day were not recorded."""
        rng = np.random.default_rng((self.seed, 36, site.number, day))
        count = rng.poisson(GAPS)
        starts, lengths = rng.uniform(0, DAY, count), rng.exponential(GAP, count)
        if rng.random() < OUTAGES:
            starts = np.append(starts, rng.uniform(0, DAY))
            lengths = np.append(lengths, rng.uniform(1, 12) * HOUR)
        gone = np.zeros(round(DAY * self.rate), bool)
        for start, length in zip(starts, lengths, strict=True):
            gone[int(start * self.rate) : int((start + length) * self.rate) + 1] = True
        return gone

    def spikes(self, site: Site, day: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """Sample, channel and height (nT) of a day's spikes, `(spike,)` each, one sample long."""
        rng = np.random.default_rng((self.seed, 37, site.number, day))
        count = rng.poisson(SPIKES)
        at = rng.integers(0, round(DAY * self.rate), count)
        height = rng.uniform(100, 600, count) * rng.choice([-1, 1], count)
        return at, rng.integers(0, 3, count), height
