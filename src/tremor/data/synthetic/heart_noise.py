"""What else electrodes pick up: muscle, mains, breathing; each hospital has its own instruments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len

from tremor.data.synthetic.heart_beat import Sampling
from tremor.data.synthetic.heart_leads import of_electrodes
from tremor.data.synthetic.heart_rhythm import BREATH

Floats = NDArray[np.float64]
ELECTRODES = 9


@dataclass(frozen=True)
class Hospital:
    """`gain` of the instrument (1: right), noise of an electrode in mV rms, mains in Hz."""

    gain: float
    muscle: float
    wander: float
    hum: float
    mains: float


HOSPITALS = (
    Hospital(0.90, 0.0035, 0.012, 0.0010, 50.0),
    Hospital(1.00, 0.0060, 0.025, 0.0015, 50.0),
    Hospital(1.10, 0.0045, 0.045, 0.0008, 60.0),
)


def noise(rng: np.random.Generator, hospital: Hospital, sampling: Sampling) -> Floats:
    """Noise of the measured leads in mV, `(8, time)`, before the instrument's gain."""
    count = next_fast_len(sampling.count, real=True)
    f: Floats = np.asarray(np.fft.rfftfreq(count, 1 / sampling.rate), np.float64)
    shape = (ELECTRODES, len(f), 2)
    white = rng.standard_normal(shape, np.float32).view(np.complex64)[..., 0]
    sizes = rng.lognormal(0, 0.4, (2, ELECTRODES, 1)) * rng.lognormal(0, 0.4, (2, 1, 1))
    level = hospital.muscle * sizes[0] * _muscle(f) + hospital.wander * sizes[1] * _wander(f)
    potential = irfft(white * level * np.sqrt(count / 2), count)[:, : sampling.count]
    return of_electrodes(potential + _regular(rng, hospital, sampling.seconds))


def _regular(rng: np.random.Generator, hospital: Hospital, seconds: Floats) -> Floats:
    """Mains, and breathing that moves the electrodes: `(electrode, time)`."""
    size = rng.lognormal(0, 0.5, (2, ELECTRODES, 1)) * np.sqrt(2)
    phase = rng.uniform(0, 2 * np.pi, (2, ELECTRODES, 1))
    breath = BREATH * rng.uniform(0.8, 1.3)
    hum = hospital.hum * size[0] * np.sin(2 * np.pi * hospital.mains * seconds + phase[0])
    chest = 0.5 * hospital.wander * size[1] * np.sin(2 * np.pi * breath * seconds + phase[1])
    return np.asarray(hum + chest)


def _muscle(f: Floats) -> Floats:
    """Amplitude by frequency, of power 1 in all: flat from 20 to 120 Hz, less on either side."""
    shape = 1 / np.sqrt(1 + (12 / np.maximum(f, 0.5)) ** 1.2) / np.sqrt(1 + (f / 110) ** 4)
    return _of_power_one(np.where(f > 0.2, shape, 0.0))


def _wander(f: Floats) -> Floats:
    """Amplitude by frequency, of power 1 in all: what is slower than a beat."""
    shape = 1 / (np.maximum(f, 0.05) * (1 + (f / 0.5) ** 2))
    return _of_power_one(np.where(f > 0.04, shape, 0.0))


def _of_power_one(shape: Floats) -> Floats:
    return np.asarray(shape * np.sqrt(len(shape) / (shape**2).sum()))
