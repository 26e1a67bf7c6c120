"""Octave bands add up to the signal and hold what belongs to them."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tremor.signal.octaves import octave_bands, octave_edges


@settings(deadline=None, max_examples=15)
@given(length=st.integers(16, 257), bands=st.integers(2, 7), seed=st.integers(0, 99))
def test_bands_add_up(length: int, bands: int, seed: int) -> None:
    x = torch.randn(2, 3, length, generator=torch.Generator().manual_seed(seed))
    parts = octave_bands(x, 100.0, bands)
    assert parts.shape == (2, bands, 3, length)
    torch.testing.assert_close(parts.sum(1), x, atol=1e-5, rtol=0)


def test_a_tone_stays_in_its_band() -> None:
    edges = octave_edges(100.0, 4)
    assert edges == [6.25, 12.5, 25.0]
    time = torch.arange(1000) / 100
    for band, hertz in enumerate([3.0, 8.8, 17.7, 40.0]):
        tone = torch.sin(2 * torch.pi * hertz * time)[None]
        power = octave_bands(tone, 100.0, 4).square().sum((1, 2))
        assert power.argmax() == band
        assert power[band] > 0.98 * power.sum()
