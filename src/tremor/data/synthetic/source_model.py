"""Spectra and envelopes of small earthquakes: Brune's source, attenuation, coda."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.floating]

P_SPEED, S_SPEED = 5.7, 3.2  # km/s
DENSITY = 2700.0  # kg/m³
KAPPA = 0.015  # s, attenuation below the station
QUALITY = 250.0  # of the path, for S waves
RISE = 0.08  # s, onset of each phase


def moment(magnitude: ArrayLike) -> Floats:
    """Seismic moment (N m) of a moment magnitude."""
    return 10 ** (1.5 * np.asarray(magnitude, dtype=np.float64) + 9.1)


def corner(magnitude: ArrayLike, stress_drop: ArrayLike) -> Floats:
    """Brune's corner frequency (Hz) from magnitude and stress drop (MPa)."""
    stress = np.asarray(stress_drop, dtype=np.float64) * 1e6
    return 0.49 * S_SPEED * 1e3 * (stress / moment(magnitude)) ** (1 / 3)


def spectrum(
    frequency: Floats, magnitude: Floats, corner_hz: Floats, travel_s: Floats, distance_km: Floats
) -> Floats:
    """Amplitude spectrum of ground velocity (m/s per Hz), `(record, frequency)`."""
    f = frequency
    strength = moment(magnitude) * 0.6 / (4 * np.pi * DENSITY * (S_SPEED * 1e3) ** 3)
    source = 2 * np.pi * f / (1 + (f / corner_hz[:, None]) ** 2)
    lost = np.exp(-np.pi * f * (KAPPA + travel_s[:, None] / QUALITY))
    return (strength / (distance_km * 1e3))[:, None] * source * lost


def onset(time: Floats, arrival: Floats) -> Floats:
    """How far a phase has risen, `(record, time)` in s: 0 before its arrival, 1 after `RISE`."""
    since = time - arrival[:, None]
    return np.where(since > 0, 1 - np.exp(-np.maximum(since, 0) / RISE), 0.0)


def coda(time: Floats, arrival: Floats, hertz: float, coda_q: Floats) -> Floats:
    """Decay of scattered waves at a frequency after their arrival: `(record, time)`."""
    since = np.maximum(time - arrival[:, None], 0.0)
    spread = 1 / (1 + since / 1.0)
    return onset(time, arrival) * spread * np.exp(-np.pi * hertz * since / coda_q[:, None])
