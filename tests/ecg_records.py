"""Small records of twelve leads on disk, as tests of electrocardiograms need them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tremor.data.ecg.leads import LEADS
from tremor.data.ecg.writing import write_record

RATE = 500.0
AF, SNR = "164889003", "426783006"


def beats(samples: int, seed: int = 0, rate: float = RATE) -> NDArray[np.int16]:
    """Twelve leads `(lead, time)` of something with peaks, a mV or so high at 1000 a mV."""
    rng = np.random.default_rng(seed)
    time = np.arange(samples) / rate
    peaks = np.exp(-((np.sin(np.pi * time * (1.0 + 0.02 * seed)) / 0.1) ** 2))
    heights = rng.uniform(800, 1200, (len(LEADS), 1))
    return (heights * peaks + rng.normal(0, 20, (len(LEADS), samples))).astype(np.int16)


def write(
    folder: Path,
    name: str = "A1",
    samples: int = 5000,
    seed: int = 0,
    codes: str = AF,
    told: Mapping[str, str] | None = None,
    **settings: Any,
) -> Path:
    """A record of `beats`; returns its header."""
    signal = settings.pop("signal", None)
    signal = beats(samples, seed) if signal is None else signal
    comments = {"Age": "63", "Sex": "Female", "Dx": codes} | dict(told or {})
    known = {"rate": RATE, "leads": LEADS} | settings
    return write_record(folder, name, signal, comments=comments, **known)


def changed(path: Path, old: str, new: str, count: int = -1) -> Path:
    """The header with some text replaced."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, count))
    return path
