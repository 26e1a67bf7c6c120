"""The waves of a beat: Gaussians in time about its R, each along a dipole of its own.

The dynamical model of McSharry et al. (2003) moves a point around a circle, once a beat, and
every wave is an event at some phase; its equation for the voltage integrates to a sum of Gaussians
in the phase. Here that integral is taken beat by beat, with the phase told in seconds from R: the
T wave comes earlier in shorter beats, QRS and P keep their place and width.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
EDGE = 2.2  # widths from a wave's centre to where it begins or ends
BEFORE, AFTER = 0.52, 0.80  # s about R that a beat's waves fill


@dataclass(frozen=True)
class Waves:
    """Some waves: centres and widths (s from R, at a beat a second), dipoles (mV, `(wave, 3)`)."""

    centre: Floats
    width: Floats
    dipole: Floats

    @classmethod
    def of(cls, rows: list[tuple[float, ...]]) -> Waves:
        """From rows: centre and width in ms, then left, down, back in mV."""
        table = np.array(rows, np.float64)
        return cls(table[:, 0] / 1000, table[:, 1] / 1000, table[:, 2:])

    def towards(self, other: Waves, share: float) -> Waves:
        """What lies a share (0 to 1) of the way to other waves."""
        pairs = ((self.centre, other.centre), (self.width, other.width))
        centre, width = (np.asarray(a + share * (b - a)) for a, b in pairs)
        return Waves(centre, width, self.dipole + share * (other.dipole - self.dipole))

    def scaled(self, size: float) -> Waves:
        """The same waves, so much as large."""
        return replace(self, dipole=size * self.dipole)

    def moved(self, seconds: float) -> Waves:
        """The same waves, so much later."""
        return replace(self, centre=self.centre + seconds)

    @property
    def begin(self) -> float:
        """When the first of them begins (s from R)."""
        return float((self.centre - EDGE * self.width).min())

    @property
    def end(self) -> float:
        """When the last of them ends (s from R)."""
        return float((self.centre + EDGE * self.width).max())

    def at(self, seconds: Floats) -> Floats:
        """The dipole (mV) at times from R: `(…, 3)` for times `(…)`."""
        away = (seconds[..., None] - self.centre) / self.width
        return np.asarray(np.exp(-0.5 * away**2) @ self.dipole)


P = Waves.of([(0, 18, 0.03, 0.085, -0.05), (34, 20, 0.09, 0.065, 0.02)])
"""The right atrium, then the left; centres count from that of the first."""
QRS = Waves.of(
    [
        (-24, 8, -0.12, -0.03, -0.20),
        (0, 11, 0.95, 0.75, 0.25),
        (18, 11, 0.10, -0.10, 0.80),
        (36, 10, -0.22, -0.15, 0.12),
    ]
)
"""Septum, free walls, base, and what comes last."""
RIGHT_BLOCK = Waves.of(
    [
        (-24, 8, -0.12, -0.03, -0.20),
        (0, 11, 0.90, 0.72, 0.15),
        (22, 13, 0.10, -0.10, 0.55),
        (68, 19, -0.62, -0.08, -0.60),
    ]
)
"""The right ventricle comes last and slowly: R' in V1, a wide S in I and V6."""
LEFT_BLOCK = Waves.of(
    [
        (-16, 14, 0.22, 0.10, 0.10),
        (10, 18, 0.75, 0.32, 0.62),
        (56, 18, 0.80, 0.02, 0.75),
        (84, 14, 0.28, -0.08, 0.30),
    ]
)
"""The left ventricle comes late from the right: no septal wave, a broad notched R in I and V6."""
T = Waves.of([(262, 52, 0.17, 0.12, -0.10), (296, 33, 0.22, 0.16, -0.13)])
T_RIGHT = Waves.of([(272, 52, 0.17, 0.12, 0.05), (306, 33, 0.22, 0.16, 0.06)])
T_LEFT = Waves.of([(262, 60, -0.20, 0.02, -0.25), (312, 35, -0.22, 0.00, -0.24)])
"""Recovery: under a block it turns away from the QRS's last part."""


@dataclass(frozen=True)
class Sampling:
    """The times that a record is told at: so many samples at so many a second (Hz)."""

    rate: float
    count: int

    @property
    def seconds(self) -> Floats:
        """`(time,)` from the record's start."""
        return np.arange(self.count) / self.rate


def drawn(waves: Waves, at: Floats, centres: Floats, size: Floats, sampling: Sampling) -> Floats:
    """The dipole `(3, time)` of waves at each beat, each about its own R.

    `at` are the beats' R `(beat,)` in s, `centres` their waves' `(beat, wave)` in s from R, `size`
    what each beat's dipole is multiplied with, `(beat, 3)`.
    """
    before, after = (int(np.ceil(s * sampling.rate)) for s in (BEFORE, AFTER))
    first = np.rint(at * sampling.rate).astype(np.int64) - before
    seconds = (first[:, None] + np.arange(before + after)) / sampling.rate - at[:, None]
    away = (seconds[:, None] - centres[..., None]) / waves.width[:, None]
    each = np.einsum("bwt,wd->bdt", np.exp(-0.5 * away**2), waves.dipole) * size[..., None]
    made = np.zeros((3, sampling.count))
    for start, beat in zip(first, each, strict=True):
        begin, end = max(start, 0), min(start + before + after, sampling.count)
        if begin < end:
            made[:, begin:end] += beat[:, begin - start : end - start]
    return made
