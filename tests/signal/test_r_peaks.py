"""R peaks: known beats are found, noise is not believed, faults are said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.io import loadmat

from tremor.errors import Refused
from tremor.signal.r_peaks import Peaks, r_peaks

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
RATE = 500.0
Floats = NDArray[np.float64]


def heart(
    at: NDArray[np.float64], seconds: float = 10.0, rate: float = RATE
) -> NDArray[np.float64]:
    """Twelve leads of narrow complexes at times (s), a T wave after each, a little noise."""
    time = np.arange(round(seconds * rate)) / rate
    beats = np.exp(-0.5 * ((time[:, None] - at) / 0.012) ** 2).sum(1)
    waves = 0.25 * np.exp(-0.5 * ((time[:, None] - at - 0.3) / 0.05) ** 2).sum(1)
    noise = np.random.default_rng(0).normal(0, 0.01, (12, len(time)))
    return 1000 * (np.linspace(0.5, 1.5, 12)[:, None] * (beats + waves) + noise)


@given(st.floats(35, 180), st.floats(0.0, 0.3), st.integers(0, 99))
def test_known_beats_are_found(beats_a_minute: float, spread: float, seed: int) -> None:
    step = 60 / beats_a_minute
    gaps = step * (1 + np.random.default_rng(seed).uniform(-spread, spread, 60) * (step > 0.5))
    at = 0.5 + gaps.cumsum()
    at = at[at < 9.5]
    found = r_peaks(heart(at), RATE, LEADS)
    assert found.good
    assert len(found.samples) == len(at)
    assert np.abs(found.samples / RATE - at).max() < 0.02


def test_another_sampling_rate() -> None:
    at = np.arange(0.6, 9.5, 0.8)
    found = r_peaks(heart(at, rate=257.0), 257.0, LEADS)
    assert np.allclose(found.samples / 257.0, at, atol=0.02)
    assert found.rate(257.0) == pytest.approx(75, abs=1)


def test_padding_is_not_signal() -> None:
    short = heart(np.arange(0.4, 2.9, 0.8), 3.0)
    padded = np.pad(short, ((0, 0), (0, 3500)))
    bare, found = r_peaks(short, RATE, LEADS), r_peaks(padded, RATE, LEADS)
    assert found.samples.tolist() == bare.samples.tolist()
    assert found.quality == bare.quality


@pytest.mark.parametrize("smooth", [False, True])
def test_noise_is_not_believed(smooth: bool) -> None:
    for seed in range(5):
        x = np.random.default_rng(seed).normal(size=(12, 5000))
        found = r_peaks(x.cumsum(1) if smooth else x, RATE, LEADS)
        assert found.quality < 0.3
        assert not found.good
        assert found.reason


def test_a_gap_without_beats_lowers_the_quality() -> None:
    at = np.arange(0.5, 9.5, 0.8)
    found = r_peaks(heart(at[(at < 3) | (at > 8)]), RATE, LEADS)
    assert 0.2 < found.quality < 0.7
    assert "no beats in" in found.reason


def test_dead_leads_are_left_out_and_named() -> None:
    at = np.arange(0.5, 9.5, 0.8)
    x = heart(at)
    x[1] = 7.0
    x[7, 100] = np.nan
    found = r_peaks(x, RATE, LEADS)
    assert len(found.samples) == len(at)
    assert found.reason.startswith("without II, V2")
    x[8] = 0
    assert r_peaks(x, RATE, LEADS).reason.startswith("none of II, V2, V3")


def nothing(found: Peaks) -> bool:
    return not len(found.samples) and found.quality == 0 and bool(found.reason)


def test_nothing_to_find() -> None:
    x = heart(np.arange(0.5, 9.5, 0.8))
    assert nothing(r_peaks(np.zeros((12, 5000)), RATE, LEADS))
    assert nothing(r_peaks(np.full((12, 5000), np.nan), RATE, LEADS))
    assert nothing(r_peaks(x[:, :300], RATE, LEADS))
    assert nothing(r_peaks(x[:, :0], RATE, LEADS))
    assert nothing(r_peaks(x[:, ::20], 25.0, LEADS))


def test_a_signal_without_its_leads_is_refused() -> None:
    with pytest.raises(Refused):
        r_peaks(np.zeros((8, 5000)), RATE, LEADS)
    with pytest.raises(Refused):
        r_peaks(np.zeros((12, 5000)), 0.0, LEADS)


def test_real_records_have_sane_hearts(shared_data: Path) -> None:
    files = sorted((shared_data / "ecg" / "records").glob("*.mat"))
    assert len(files) == 60
    for file in files:
        found = r_peaks(loadmat(file)["val"][:, :5000], RATE, LEADS)
        assert found.quality > 0.75, file
        assert 30 <= (found.rate(RATE) or 0) <= 200, file
