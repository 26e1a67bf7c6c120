"""Spectra against scipy, and Parseval."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tremor.errors import Refused
from tremor.signal.spectrum import (
    NAMES,
    SegmentPower,
    Window,
    bins_hz,
    log_power,
    minmax,
    segments,
    window_of,
)

PUBLISHED = ("tukey", 0.25)
WINDOWS: tuple[Window, ...] = ("hann", PUBLISHED, "boxcar", "blackman", ("kaiser", 8.0))


@pytest.mark.parametrize("size", [64, 63, 512])
@pytest.mark.parametrize("scale", [1e-9, 1.0, 1e5])
def test_power_density_equals_scipys(size: int, scale: float) -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 1300)).astype(np.float32) * scale
    hop = size // 2
    f, _, expected = scipy.signal.spectrogram(
        x, 50.0, window="hann", nperseg=size, noverlap=size - hop
    )
    power = SegmentPower(size, hop, 50.0)(torch.from_numpy(x))
    got = power.transpose(-1, -2).numpy()
    assert np.abs(got - expected).max() <= 1e-5 * expected.max()
    np.testing.assert_allclose(bins_hz(size, 50.0), f, rtol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    size=st.integers(2, 200),
    share=st.floats(0, 0.99),
    window=st.sampled_from(WINDOWS),
    of=st.data(),
)
def test_any_window_and_overlap_is_as_scipy_has_it(
    size: int, share: float, window: Window, of: st.DataObject
) -> None:
    samples = of.draw(st.integers(size, 600))
    x = np.random.default_rng(size).standard_normal((2, samples)).astype(np.float32)
    shape = scipy.signal.get_window(window, size)
    hop = size - int(size * share)
    _, _, expected = scipy.signal.spectrogram(x, 100.0, shape, noverlap=size - hop)
    got = SegmentPower(size, hop, 100.0, window)(torch.from_numpy(x)).transpose(-1, -2).numpy()
    assert got.shape == expected.shape
    assert np.abs(got - expected).max() <= 1e-5 * expected.max()


def test_the_published_setting_is_scipys_default() -> None:
    """64 samples, four fifths shared: 33 frequencies, 96 frames of 1300 samples at 100 Hz."""
    x = np.random.default_rng(1).standard_normal((3, 1300)).astype(np.float32)
    hertz, seconds, expected = scipy.signal.spectrogram(x, 100.0, nperseg=64, noverlap=51)
    got = SegmentPower(64, 13, 100.0, PUBLISHED)(torch.from_numpy(x)).transpose(-1, -2).numpy()
    assert got.shape == expected.shape == (3, 33, 96)
    assert np.abs(got - expected).max() <= 1e-5 * expected.max()
    assert (hertz[-1], seconds[0], seconds[-1]) == (50.0, 0.32, 12.67)


def test_the_usual_window_has_not_changed() -> None:
    """Runs of earlier days had torch's own Hann window: to the last bit the same."""
    for size in (63, 64, 512):
        usual = torch.hann_window(size, periodic=True, dtype=torch.float64).float()
        assert torch.equal(window_of("hann", size).float(), usual)


def test_every_named_window_is_made_or_told_what_it_lacks() -> None:
    made = set()
    for name in NAMES:
        with contextlib.suppress(Refused):
            made.add((name, len(window_of(name, 64))))
    assert {("hann", 64), ("tukey", 64), ("boxcar", 64), ("blackmanharris", 64)} <= made
    with pytest.raises(Refused) as refused:
        window_of("kaiser", 64)
    assert "kaiser with the parameters" in refused.value.remedy


@pytest.mark.parametrize(
    ("window", "problem", "remedy"),
    [
        ("han", "no window 'han'; there are barthann, bartlett", "encoder.window=hann"),
        ("", "no window ''", "encoder.window=hann"),
        ((), "no window ''", "encoder.window=hann"),
        (("tukey", "x"), "tukey cannot be made", "encoder.window=hann, or tukey with"),
        (("hann", 0.5), "hann cannot be made", "encoder.window=hann, or hann with"),
        (("gaussian", 0.0), "has no weight", "encoder.window=hann"),
    ],
)
def test_windows_that_are_none_are_refused(window: Window, problem: str, remedy: str) -> None:
    with pytest.raises(Refused, match="window") as refused:
        window_of(window, 64)
    assert problem in refused.value.problem
    assert refused.value.remedy.startswith(remedy)


@given(samples=st.integers(64, 500), size=st.integers(8, 64), hop=st.integers(1, 64))
def test_segments_are_counted_as_they_are_cut(samples: int, size: int, hop: int) -> None:
    cut = torch.zeros(samples).unfold(-1, size, hop)
    assert int(segments(torch.tensor([samples]), size, hop)[0]) == len(cut)


def test_log_power_does_not_know_the_unit() -> None:
    power = torch.rand(2, 3, 5) + 0.1
    level = power.mean(-1, keepdim=True)
    small = log_power(power * 1e-18, level * 1e-18, 1e-6)
    torch.testing.assert_close(small, log_power(power, level, 1e-6), rtol=1e-4, atol=1e-4)
    assert torch.isfinite(log_power(torch.zeros(2), torch.zeros(2), 1e-6)).all()


def test_minmax_is_of_all_channels_jointly_and_of_valid_frames_alone() -> None:
    x = torch.randn(2, 3, 5, 7)
    x[1, :, :, 4:] = 99.0
    got = minmax(x, torch.tensor([7, 4]))
    first, second = x[0], x[1, :, :, :4]
    wanted = [(one - one.min()) / (one.max() - one.min()) for one in (first, second)]
    torch.testing.assert_close(got[0], wanted[0])
    torch.testing.assert_close(got[1, :, :, :4], wanted[1])
    assert got.min() == 0
    assert got.max() == 1
    assert not minmax(torch.full((1, 3, 5, 7), 4.0), torch.tensor([7])).any()
