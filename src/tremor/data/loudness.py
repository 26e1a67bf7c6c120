"""How loud records are, and how much louder after the arrival of P than before it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Signals = NDArray[np.float32]
Numbers = NDArray[np.float64]
NOISE_MARGIN = 0.5  # s before P that are not called noise
SHAKING = 10.0  # s after P that are called signal


def levels(signals: Signals) -> Numbers:
    """log10 of each channel's RMS about its mean `(record, channel)` (-30 for -inf)."""
    rms = signals.astype(np.float64).std(axis=2)
    return np.asarray(np.log10(np.maximum(rms, 1e-30)))


def loudness(signals: Signals, p_times: Numbers, rate: float) -> Numbers:
    """Power in the seconds after P over that before it `(record,)` [dB]; NaN if P is not inside.

    `p_times` are seconds from the beginning, `rate` is in Hz.
    """
    time = np.arange(signals.shape[2])
    inside = (p_times * rate > 0) & (p_times * rate < signals.shape[2])
    arrival = np.round(np.where(inside, p_times, 0) * rate)[:, None]
    quiet = time < np.maximum(arrival - round(NOISE_MARGIN * rate), 2)
    loud = (time >= arrival) & (time < arrival + round(SHAKING * rate))
    before, after = _powers(signals, np.stack([quiet, loud], axis=2)).T
    ratio = 10 * np.log10(np.maximum(after, 1e-30) / np.maximum(before, 1e-30))
    return np.where(inside, ratio, np.nan)


def _powers(signals: Signals, windows: NDArray[np.bool_]) -> Numbers:
    """Variance in each window `(record, time, window)`, summed over channels `(record, window)`."""
    weights = windows / np.maximum(windows.sum(1, keepdims=True), 1)
    samples = signals - signals.mean(2, dtype=np.float64, keepdims=True)
    return np.asarray(((samples**2) @ weights - (samples @ weights) ** 2).sum(1))
