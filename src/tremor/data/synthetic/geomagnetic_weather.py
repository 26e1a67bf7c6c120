"""What the Sun does to the field of all stations at once: storms, the daily variation, activity."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.synthetic.geomagnetic_sites import Floats, Site

DAY = 86400.0  # s
HOUR = 3600.0  # s
BLOCK = 3 * HOUR  # of Kp
STORMS = 12.0  # days from one storm to the next, on average
LASTING = 7 * DAY  # after which nothing is left of a storm
SUDDEN = 180.0  # s in which a storm commences
MAIN, RECOVERY = 4 * HOUR, 30 * HOUR  # times of growth and decay of a storm
SQ = {"H": 35.0, "D": 22.0, "Z": -12.0}  # nT of the daily variation
NOON = 11.6  # local time of its peak, hours


@dataclass(frozen=True)
class SpaceWeather:
    """Storms and activity of `days` days; times are seconds from the world's start."""

    seed: int
    days: int

    def _rng(self, kind: int, *more: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, 31, kind, *more))

    @cached_property
    def storms(self) -> NDArray[np.float64]:
        """`(storm, 2)`: sudden commencement (s) and depth of the main phase (nT, positive)."""
        rng = self._rng(0)
        count = rng.poisson((self.days * DAY + LASTING) / (STORMS * DAY))
        onset = rng.uniform(-LASTING, self.days * DAY, count)
        return np.stack([onset, 30 + rng.exponential(35, count).clip(0, 220)], axis=1)

    def ring_current(self, t: Floats) -> Floats:
        """Disturbance of the horizontal field (nT) as Dst has it, without the commencements."""
        total = np.zeros_like(t)
        for since, depth in self._active(t):
            growth = -np.expm1(-since.clip(0) / MAIN)
            total -= depth * growth * np.exp(-since.clip(0) / RECOVERY)
        return total

    def commencements(self, t: Floats) -> Floats:
        """Sudden rises of the field (nT) that decay as the main phase grows."""
        total = np.zeros_like(t)
        for since, depth in self._active(t):
            rise = 0.5 - 0.5 * np.cos(np.pi * (since / SUDDEN).clip(0, 1))
            total += (8 + 0.2 * depth) * rise * np.exp(-since.clip(0) / MAIN)
        return total

    def _active(self, t: Floats) -> list[tuple[Floats, float]]:
        """Seconds since each storm that is felt in `t`, with its depth."""
        felt = (self.storms[:, 0] < t[-1]) & (self.storms[:, 0] > t[0] - LASTING)
        return [(t - onset, float(depth)) for onset, depth in self.storms[felt]]

    def activity(self, t: Floats) -> Floats:
        """Activity in units of Kp at any times, 0 to 9."""
        return np.asarray(np.interp(t, self._centres, self._levels))

    @cached_property
    def _centres(self) -> Floats:
        """Middles of the blocks of three hours, from a day before the world to a day after."""
        return np.asarray((np.arange(-8, 8 * (self.days + 1)) + 0.5) * BLOCK, np.float64)

    @cached_property
    def _levels(self) -> Floats:
        """Quiet activity that wanders over a day or so, and what storms add."""
        white = self._rng(1).standard_normal(len(self._centres) + 15)
        window = np.hanning(18)[1:-1]
        quiet = 1.7 + 0.9 * np.convolve(white, window, "valid") / np.sqrt((window**2).sum())
        storm = 2.0 * np.log1p(-self.ring_current(self._centres) / 12)
        return np.asarray((quiet + storm).clip(0, 9))

    def indices(self, start: pd.Timestamp) -> pd.DataFrame:
        """Hourly `time` (start of the hour, UTC), `kp` (one in three hours) and `dst` (nT)."""
        hours: Floats = np.asarray(np.arange(24 * self.days) * HOUR, np.float64)
        block = np.floor(hours / BLOCK) * BLOCK + BLOCK / 2
        kp = self.activity(block) + self._rng(2).normal(0, 0.3, len(hours) // 3).repeat(3)
        dst = self.ring_current(hours + HOUR / 2) + self._rng(3).normal(0, 2, len(hours))
        return pd.DataFrame(
            {
                "time": (start + pd.to_timedelta(hours, unit="s")).as_unit("us"),
                "kp": (3 * kp.clip(0, 9)).round() / 3,
                "dst": dst.round(),
            }
        )

    def field(self, site: Site, t: Floats) -> Floats:
        """Storms and daily variation at a station (nT), `(H D Z, time)`."""
        rng = self._rng(4, site.number)
        induced, gains = rng.uniform(-0.15, 0.15), rng.lognormal(0, 0.15, 3)
        storm = (self.ring_current(t) + self.commencements(t)) * np.cos(np.deg2rad(site.latitude))
        phase = 2 * np.pi * (t / DAY + (site.longitude / 15 - NOON) / 24)
        day = np.exp(2 * (np.cos(phase) - 1)) * self._size(t)
        made = np.stack([SQ["H"] * day, SQ["D"] * day * np.sin(phase), SQ["Z"] * day])
        made *= gains[:, None]
        made[0] += storm
        made[2] += induced * storm
        return made

    def _size(self, t: Floats) -> Floats:
        """Size of the daily variation, which differs from day to day."""
        sizes = self._rng(5).lognormal(0, 0.25, self.days + 3)
        return np.asarray(np.interp(t, (np.arange(len(sizes)) - 1) * DAY, sizes))
