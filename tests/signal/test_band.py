"""Bands of spectra against scipy, under trends ten thousand times larger than what is in them."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tremor.signal.band import SegmentBand, bins_within, decibels, power_of
from tremor.signal.polarisation import polarised
from tremor.signal.spectrum import Window, bins_hz


@settings(max_examples=40, deadline=None)
@given(
    size=st.integers(16, 300),
    share=st.floats(0, 0.9),
    window=st.sampled_from(["hann", ("tukey", 0.25), "blackmanharris"]),
    edges=st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)),
)
def test_a_band_is_scipys_spectrogram_without_the_line(
    size: int, share: float, window: Window, edges: tuple[float, float]
) -> None:
    low, high = sorted(edges)
    x = np.random.default_rng(size).standard_normal((2, 900)).cumsum(-1)
    hop = size - int(size * share)
    hertz, _, whole = scipy.signal.spectrogram(
        x, 1.0, window, nperseg=size, noverlap=size - hop, detrend="linear"
    )
    bins = bins_within(size, 1.0, low, high)
    kept = (hertz >= low - 1e-9) & (hertz <= high + 1e-9)
    np.testing.assert_allclose(bins_hz(size, 1.0)[bins], hertz[kept], rtol=1e-6)
    got = power_of(SegmentBand(size, hop, 1.0, bins, window)(torch.from_numpy(x).float()))
    assert got.shape == (2, whole.shape[-1], int(kept.sum()))
    assert (
        np.abs(got.numpy().swapaxes(-1, -2) - whole[:, kept]).max(initial=0) <= 2e-5 * whole.max()
    )


def test_real_and_imaginary_parts_are_those_of_a_fourier_transform() -> None:
    x = torch.randn(3, 64, dtype=torch.float64)
    bins = torch.arange(4, 12)
    real, imaginary = SegmentBand(64, 64, 2.0, bins, "boxcar")(x)
    straight = torch.from_numpy(scipy.signal.detrend(x.numpy()))
    expected = torch.fft.rfft(straight)[:, bins] * (2 / (2.0 * 64)) ** 0.5
    torch.testing.assert_close(torch.complex(real, imaginary)[:, 0], expected.cfloat())


def test_half_precision_of_the_network_leaves_the_spectrum_alone() -> None:
    band = SegmentBand(256, 128, 1.0, torch.arange(6, 26))
    x = torch.randn(1, 3, 1024) + 1000 * torch.linspace(0, 1, 1024)
    with torch.autocast("cpu", torch.bfloat16):
        among = power_of(band(x))
    assert among.dtype == torch.float32
    torch.testing.assert_close(among, power_of(band(x)))


def test_decibels_have_a_fixed_reference() -> None:
    power = torch.tensor([0.0, 1e-6, 1.0, 100.0])
    torch.testing.assert_close(
        decibels(power, 1e-6), torch.tensor([-60.0, -57.0, 0.0, 20.0]), rtol=1e-3, atol=0.02
    )


def moving(azimuth: float, lag: float, samples: int = 4096) -> torch.Tensor:
    """Power in bin 8 of 128: a line at an azimuth (degrees), or an ellipse by the lag of east."""
    time = torch.arange(samples).double() * (2 * torch.pi * 8 / 128)
    angle = torch.tensor(azimuth).deg2rad()
    return torch.stack([angle.cos() * time.cos(), angle.sin() * (time - np.radians(lag)).cos()])


def seen(x: torch.Tensor, averaged: int = 5, frames: int | None = None) -> torch.Tensor:
    band = SegmentBand(128, 64, 1.0, torch.tensor([7, 8, 9]))
    real, imaginary = (part.transpose(-1, -2)[None] for part in band(x))
    count = torch.tensor([real.shape[-1] if frames is None else frames])
    north, east = ((real[:, at], imaginary[:, at]) for at in (0, 1))
    return polarised(north, east, count, averaged, 1e-9)


@pytest.mark.parametrize("azimuth", [0, 30, 45, 90, 135, 210])
def test_a_line_has_its_azimuth_and_no_ellipticity(azimuth: float) -> None:
    cos, sin, ellipticity = seen(moving(azimuth, 0))[0, :, 1].mean(-1)
    double = np.radians(2 * azimuth)
    assert [cos.item(), sin.item()] == pytest.approx([np.cos(double), np.sin(double)], abs=1e-3)
    assert ellipticity.abs() < 1e-3


def test_a_circle_turns_from_north_to_east_or_back() -> None:
    """East a quarter of a turn behind north: clockwise, as seen from above."""
    for lag in (90, -90):
        cos, sin, ellipticity = seen(moving(45, lag))[0, :, 1].mean(-1)
        assert ellipticity.item() == pytest.approx(np.sign(lag), abs=1e-3)
        assert max(cos.abs(), sin.abs()) < 1e-3


def test_what_is_not_polarised_or_not_there_is_nothing() -> None:
    torch.manual_seed(0)
    noise = seen(torch.randn(2, 60_000), averaged=101)
    assert noise.mean(-1).abs().max() < 0.05
    assert torch.linalg.vector_norm(seen(torch.randn(2, 2000), averaged=1), dim=1).min() > 0.999
    assert not seen(torch.zeros(2, 2000)).any()


@settings(max_examples=20, deadline=None)
@given(frames=st.integers(1, 20), averaged=st.sampled_from([1, 3, 9]), scale=st.floats(0.1, 1e4))
def test_shares_have_no_unit_and_frames_past_the_end_do_not_count(
    frames: int, averaged: int, scale: float
) -> None:
    torch.manual_seed(frames)
    x = torch.randn(2, 2000)
    found = seen(x, averaged, frames)[..., :frames]
    assert torch.linalg.vector_norm(found, dim=1).max() <= 1 + 1e-5
    torch.testing.assert_close(
        seen(x * scale, averaged, frames)[..., :frames], found, rtol=1e-3, atol=1e-4
    )
    cut = (frames - 1) * 64 + 128
    torch.testing.assert_close(seen(x[:, :cut], averaged), found, rtol=1e-3, atol=1e-4)
