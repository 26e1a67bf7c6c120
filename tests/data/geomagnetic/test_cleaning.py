"""Spikes and gaps with known places."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import median_filter, percentile_filter

from tremor.data.geomagnetic.cleaning import cleaned, filled, spikes_in
from tremor.data.sources.cells import Unusable

HDZ = ("H", "D", "Z")


def noise(samples: int = 3600, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 40_000 + np.round(rng.normal(scale=0.1, size=(3, samples)).cumsum(axis=1), 2)


def test_planted_spikes_are_found_and_nothing_else() -> None:
    signal = noise()
    signal[0, 100] += 30
    signal[1, 2000:2002] -= 20
    found = np.argwhere(spikes_in(signal, 10.0)).tolist()
    assert found == [[0, 100], [1, 2000], [1, 2001]]


@given(st.integers(0, 10_000), st.sampled_from([3.0, 10.0]))
def test_what_is_usual_is_the_running_percentile_of_scipy(seed: int, threshold: float) -> None:
    rng = np.random.default_rng(seed)
    row = noise(600, seed)[0] + 5 * (rng.random(600) < 0.02) * rng.standard_t(2, 600)
    rest = np.abs(row - median_filter(row, 5, mode="nearest"))
    usual = percentile_filter(rest, 90, 121, mode="nearest")
    usual = np.maximum(usual, np.percentile(rest[rest > 0], 90))
    expected = rest > threshold * 0.608 * usual
    np.testing.assert_array_equal(spikes_in(row[None], threshold)[0], expected)


def test_steps_and_trains_of_waves_are_no_spikes() -> None:
    """A sudden commencement of 40 nT, then waves of 10 s and 5 nT for five minutes."""
    signal = noise()
    signal[:, 1000:] += 40
    signal[:, 2000:2300] += 5 * np.sin(2 * np.pi * np.arange(300) / 10) * np.hanning(300)
    assert not spikes_in(signal, 10.0).any()


def test_a_still_field_with_one_moving_digit_has_no_spikes() -> None:
    signal = np.full((1, 1000), 40_000.0)
    signal[0, ::50] += 0.01
    assert not spikes_in(signal, 10.0).any()


def test_gaps_become_straight_lines() -> None:
    signal = np.array([[1.0, np.nan, 3, np.nan], [np.nan, 5, 5, 6]])
    np.testing.assert_array_equal(filled(signal), [[1, 2, 3, 3], [5, 5, 5, 6]])


@given(st.integers(0, 3600), st.integers(0, 2))
def test_a_window_is_used_up_to_its_share_of_gaps(gaps: int, row: int) -> None:
    signal = noise()
    signal[row, np.random.default_rng(gaps).permutation(3600)[:gaps]] = np.nan
    if gaps > 360:
        with pytest.raises(Unusable, match=f"^{100 * (gaps / 3600):.0f} % missing"):
            cleaned(signal, HDZ, 0.1, None)
        return
    clean = cleaned(signal, HDZ, 0.1, None)
    assert np.isfinite(clean.signal).all()
    assert clean.missing == pytest.approx(gaps / 3600)
    assert clean.spikes == 0


def test_spikes_count_as_missing() -> None:
    signal = noise()
    signal[:2, 500] += 50
    clean = cleaned(signal, HDZ, 0.1, 10.0)
    assert clean.spikes == 1
    assert clean.missing == pytest.approx(1 / 3600)
    assert np.abs(np.diff(clean.signal)).max() < 1
    with pytest.raises(Unusable, match="0 % missing"):
        cleaned(signal, HDZ, 0.0, 10.0)


def test_a_component_that_does_not_move_is_named() -> None:
    signal = noise()
    signal[2] = -20_000.0
    with pytest.raises(Unusable, match="component Z does not move"):
        cleaned(signal, HDZ, 0.1, 10.0)
