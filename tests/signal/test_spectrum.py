"""Spectra against scipy, and Parseval."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given
from hypothesis import strategies as st

from tremor.signal.spectrum import SegmentPower, bins_hz, log_power, segments


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
