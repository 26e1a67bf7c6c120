"""Twelve leads in order, at one rate, of one length, in the units that are wanted."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import resample_poly

from tremor.data.ecg.header import Header, Lead
from tremor.data.ecg.leads import LEADS
from tremor.data.ecg.recording import Recording
from tremor.data.ecg.standard import Standard
from tremor.data.sources.cells import Unusable

SHORT = Standard(maxlen=50, min_seconds=0.05)


def recording(
    signal: NDArray[np.generic], rate: float = 500.0, names: tuple[str, ...] = LEADS
) -> Recording:
    leads = [Lead("a.mat", 16, 24, 1000.0, 5, "mV", None, None, name) for name in names]
    return Recording(Header("a", rate, signal.shape[1], tuple(leads), ()), signal, ())


def numbers(samples: int = 60) -> NDArray[np.int16]:
    return np.arange(12 * samples).reshape(12, samples).astype(np.int16)


def test_raw_integers_are_cut_or_filled_at_the_end() -> None:
    signal, flat = SHORT.of(recording(numbers()))
    assert signal.dtype == np.float32
    np.testing.assert_array_equal(signal, numbers()[:, :50])
    assert flat == ()
    short, _ = SHORT.of(recording(numbers(30)))
    np.testing.assert_array_equal(short[:, :30], numbers(30))
    assert not short[:, 30:].any()


def test_any_order_of_leads_gives_the_same_record() -> None:
    order = np.random.default_rng(0).permutation(12)
    names = (*(LEADS[n] for n in order), "Resp")
    mixed = np.vstack([numbers()[order], numbers()[:1]])
    found, plain = (SHORT.of(r)[0] for r in (recording(mixed, names=names), recording(numbers())))
    np.testing.assert_array_equal(found, plain)


def test_millivolts_take_the_baseline_away_and_divide() -> None:
    per_mv = np.arange(1.0, 13.0)
    standard = Standard(maxlen=50, min_seconds=0.05, units="mV")
    mixed = recording(numbers()[::-1], names=LEADS[::-1])
    wanted = (numbers()[:, :50] - 5.0) / per_mv[::-1, None]
    np.testing.assert_allclose(standard.of(mixed, per_mv)[0], wanted, rtol=1e-6)
    by_header = (numbers()[:, :50] - 5.0) / 1000
    np.testing.assert_allclose(standard.of(mixed)[0], by_header, rtol=1e-6)


@pytest.mark.parametrize("rate", [1000.0, 257.0, 250.0, 100.0])
def test_other_rates_are_resampled_from_no_more_than_is_needed(rate: float) -> None:
    """A sine stays itself, and what is not read does not matter."""
    time = np.arange(int(30 * rate)) / rate
    signal = 1000 * np.sin(2 * np.pi * np.linspace(1, 12, 12)[:, None] * time) + 100
    found, _ = Standard(maxlen=2000).of(recording(signal, rate))
    true = 1000 * np.sin(2 * np.pi * np.linspace(1, 12, 12)[:, None] * np.arange(2000) / 500) + 100
    assert np.abs(found - true)[:, 100:].max() < 5
    up, down = (500 / np.gcd(500, int(rate)), rate / np.gcd(500, int(rate)))
    whole = resample_poly(signal, int(up), int(down), axis=1, padtype="line")[:, :2000]
    assert np.abs(found - whole).max() < 0.5


@pytest.mark.parametrize(
    ("signal", "rate", "reason"),
    [
        (numbers(1500), 500.0, "shorter than 5 s"),
        (numbers(6000), 49.0, "a sampling rate of 49 Hz"),
        (numbers(6000), 1e9, "a sampling rate of 1e\\+09 Hz"),
        (np.full((12, 6000), np.nan), 500.0, "not finite"),
        (np.where(np.eye(12, 6000, 7), np.inf, 1.0), 500.0, "not finite"),
        (np.ones((12, 6000)), 500.0, "all channels constant"),
        (numbers(6000) * (np.arange(12) != 7)[:, None], 500.0, "no change in lead V2"),
        (np.linspace(0, 1e39, 6000) * np.ones((12, 1)), 500.0, "not finite"),
    ],
)
def test_what_no_model_can_use_is_unusable(
    signal: NDArray[np.generic], rate: float, reason: str
) -> None:
    with pytest.raises(Unusable, match=reason):
        Standard().of(recording(signal, rate))


def test_flat_leads_may_be_allowed_and_are_named() -> None:
    flat = numbers() * (np.arange(12) < 10)[:, None]
    standard = Standard(maxlen=50, min_seconds=0.05, max_flat_leads=2)
    assert standard.of(recording(flat))[1] == ("V5", "V6")
    later = numbers(80)
    later[3, :50] = 9
    with pytest.raises(Unusable, match="no change in lead aVR"):
        SHORT.of(recording(later))
