"""Records with peaks at known places, at 100 Hz so that tests are small."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tremor.explain.heart.claims import LEADS
from tremor.explain.heart.tokens import Seen
from tremor.signal.r_peaks import Peaks

RATE = 100.0


@pytest.fixture
def seen_with() -> Callable[..., Seen]:
    """Makes a record of noise with R peaks at given times (s)."""

    def make(
        at: Sequence[float] = tuple(np.arange(0.5, 9.6, 0.9)),
        seconds: float = 10.0,
        quality: float = 1.0,
        padded: float = 0.0,
        seed: int = 0,
    ) -> Seen:
        steps = round(seconds * RATE)
        noise = np.random.default_rng(seed).normal(size=(12, steps)).astype(np.float32)
        signal = np.pad(noise, ((0, 0), (0, round(padded * RATE))))
        samples = np.round(np.asarray(at) * RATE).astype(np.int64)
        return Seen(signal, RATE, LEADS, steps, Peaks(samples, quality, "as made"))

    return make
