"""When the heart beats, and what the atria do while they fibrillate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SHORTEST = 0.38  # s between beats
IRREGULAR = 0.22  # scatter of the logarithm of intervals in atrial fibrillation
BREATH = 0.25  # Hz, of breathing
SLOW = 0.09  # Hz, of the other rhythm that a sinus rhythm varies with


def sinus(rng: np.random.Generator, count: int, mean: float, variability: float) -> Floats:
    """Intervals `(beat,)` (s) of sinus rhythm: with the breath, more slowly, a little by chance."""
    phase = rng.uniform(0, 2 * np.pi, 2)
    when = mean * np.arange(count)
    waves = np.sin(2 * np.pi * np.array([[BREATH], [SLOW]]) * when + phase[:, None])
    change = waves[0] + 0.6 * waves[1] + 0.4 * rng.standard_normal(count)
    return np.asarray(mean * np.exp(variability * change))


def fibrillating(rng: np.random.Generator, count: int, mean: float) -> Floats:
    """Intervals `(beat,)` (s) of atrial fibrillation: none knows of the one before it."""
    drawn = mean * np.exp(IRREGULAR * rng.standard_normal(count))
    return np.asarray(np.maximum(drawn, SHORTEST))


def between(one: Floats, other: Floats, share: float) -> Floats:
    """Intervals a share (0 to 1) of the way from one rhythm to another."""
    return np.asarray(one ** (1 - share) * other**share)


def f_waves(rng: np.random.Generator, seconds: Floats) -> Floats:
    """The atria's dipole in fibrillation, `(3, time)` of size 1 (rms): 4 to 9 Hz, never the same.

    The dipole turns about; pitch and size wander within a record.
    """
    knots = np.linspace(seconds[0], seconds[-1], 2 + int(2 * (seconds[-1] - seconds[0])))
    pitch, size = (np.interp(seconds, knots, k) for k in rng.standard_normal((2, len(knots))))
    hertz = rng.uniform(5.0, 7.5) + 0.6 * pitch
    phase = 2 * np.pi * (np.cumsum(hertz) * (seconds[1] - seconds[0]) + rng.uniform())
    second, lag = rng.uniform(0.25, 0.45), rng.uniform(0, 2 * np.pi)
    along = np.cos(phase) + second * np.cos(2 * phase + lag)
    across = np.sin(phase) + second * np.sin(2 * phase + lag)
    made = ALONG[:, None] * along + ACROSS[:, None] * across
    made *= np.exp(0.25 * size)
    return np.asarray(made / np.sqrt((made**2).sum(0).mean()))


ALONG = np.array([0.35, 0.70, -0.75])  # left, down, back: best seen in V1 and II
ACROSS = np.array([0.10, 0.20, -0.25])
