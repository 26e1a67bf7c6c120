"""Spectrograms of the magnetic field: scipy's, on a fixed scale, whatever the trend."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.signal
import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.network.encoders.ulf_spectrogram import UlfSpectrogram

HOURS = 6
SAMPLES = HOURS * 3600
TIME = torch.arange(SAMPLES, dtype=torch.float64)
BOTH: Any = ("ratio", "polarisation")


def encoder(channels: int = 3, length: int = SAMPLES, **settings: Any) -> UlfSpectrogram:
    return UlfSpectrogram(channels, length, 1.0, **({"standardise": False} | settings))


def seen(x: Tensor, **settings: Any) -> Tensor:
    made = encoder(x.shape[-2], x.shape[-1], **settings)
    return made(x.float()[None], torch.tensor([x.shape[-1]]))[0][0]  # type: ignore[no-any-return]


def field(amplitude: float = 0.1, mhz: float = 50.0) -> Tensor:
    """Pulsations of so many nT in three components, and noise of a thousandth of a nT."""
    torch.manual_seed(0)
    wave = amplitude * torch.sin(2 * torch.pi * mhz / 1000 * TIME)
    return wave + 1e-3 * torch.randn(3, SAMPLES, dtype=torch.float64)


def test_decibels_are_those_of_scipys_spectrogram_in_double_precision() -> None:
    x = field()
    hertz, seconds, power = scipy.signal.spectrogram(
        x.numpy(), 1.0, "hann", nperseg=256, noverlap=128, detrend="linear"
    )
    kept = (hertz >= 0.022) & (hertz <= 0.1)
    made = encoder()
    got, frames = made(x.float()[None], torch.tensor([SAMPLES]))
    expected = 10 * np.log10(power[:, kept] + 1e-6)
    np.testing.assert_allclose(got[0].numpy(), expected, atol=1e-2)
    axes = made.coordinates()
    np.testing.assert_allclose(axes["frequency"].numpy(), hertz[kept], rtol=1e-6)
    np.testing.assert_allclose(axes["time"].numpy(), seconds, rtol=1e-6)
    assert frames.tolist() == [len(seconds)]
    assert made.out_shape == got.shape[1:] == (3, 20, 167)


def test_a_daily_trend_of_1000_nt_leaves_pulsations_of_a_tenth_as_they_are() -> None:
    """The published band-pass is not needed: each segment's own line takes the trend away."""
    x = field()
    trend = 1000 * torch.sin(2 * torch.pi * TIME / 86400 + 0.3)
    plain = seen(x)
    assert (seen(x + trend) - plain).abs().mean() < 0.1
    assert (seen(x + trend) - plain)[plain > -40].abs().max() < 0.1
    silent = seen(torch.zeros(3, SAMPLES, dtype=torch.float64) + trend)
    assert silent.max() < -59
    with_dc = seen(x + 40_000)  # float32 holds this to 0.004 nT: -56 dB of white noise
    assert (with_dc - plain)[plain > -25].abs().max() < 0.5


def test_levels_are_never_relative_to_the_record() -> None:
    x = field()
    louder = seen(10 * x) - seen(x)
    assert louder[seen(x) > -30].mean().item() == pytest.approx(20, abs=0.1)
    apart = seen(x * torch.tensor([1.0, 1.0, 0.1])[:, None])
    line = apart[:, 7].mean(-1)
    assert (line[0] - line[2]).item() == pytest.approx(20, abs=0.1)


@pytest.mark.parametrize("mhz", [23.4375, 50.78125, 97.65625])
def test_a_line_lands_in_its_bin(mhz: float) -> None:
    found = seen(field(mhz=mhz)).mean((0, 2)).argmax()
    assert encoder().frequencies[found].item() * 1000 == pytest.approx(mhz)


def test_what_components_do_together_comes_as_channels_with_names() -> None:
    wave = 0.1 * torch.sin(2 * torch.pi * 0.05078125 * TIME)
    turn = torch.tensor(30.0).deg2rad()
    x = torch.stack([wave * turn.cos(), wave * turn.sin(), wave * turn.cos() * 10])
    made = encoder(extra=BOTH)
    assert made.components(("H", "D", "Z")) == (
        "H", "D", "Z", "Z/H", "cos 2θ", "sin 2θ", "ellipticity",
    )  # fmt: skip
    assert made.out_shape == (7, 20, 167)
    ratio, cos, sin, ellipticity = seen(x, extra=BOTH)[3:, 7].mean(-1).tolist()
    assert ratio == pytest.approx(20, abs=0.1)
    assert [cos, sin, ellipticity] == pytest.approx([0.5, 3**0.5 / 2, 0], abs=1e-2)
    other = seen(x.flip(0), extra=BOTH, places=(2, 1, 0))[3:]
    torch.testing.assert_close(other, seen(x, extra=BOTH)[3:])
    assert encoder(extra=["ratio"], places=(2, 1, 0)).components("ZDH") == ("Z", "D", "H", "Z/H")
    assert encoder(channels=1).components(["F"]) == ("F",)


def test_each_channel_that_comes_out_is_standardised() -> None:
    made = encoder(extra=BOTH, standardise=True)
    assert made.standard is not None
    x, length = torch.randn(4, 3, SAMPLES), torch.full((4,), SAMPLES)
    made.standard.learn([made(x, length)])
    features, _ = made(x, length)
    assert features.mean((0, 2, 3)).abs().max() < 1e-3
    torch.testing.assert_close(features.std((0, 2, 3)), torch.ones(7), atol=1e-2, rtol=0)
    assert set(made.state_dict()) == {"standard.mean", "standard.spread"}


def test_padding_does_not_change_the_valid_frames() -> None:
    x = torch.randn(1, 3, 2000)
    alone, frames = encoder(length=2000, extra=BOTH)(x, torch.tensor([2000]))
    padded = nn.functional.pad(x, (0, 3000))
    among, same = encoder(length=5000, extra=BOTH)(padded, torch.tensor([2000]))
    assert same.tolist() == frames.tolist() == [alone.shape[-1]]
    torch.testing.assert_close(among[..., : frames[0]], alone, rtol=1e-4, atol=1e-3)


def test_a_batch_is_its_records_and_gradients_flow() -> None:
    made = encoder(length=2000, extra=BOTH)
    x = torch.randn(4, 3, 2000, requires_grad=True)
    length = torch.full((4,), 2000)
    together, _ = made(x, length)
    torch.testing.assert_close(together[2:3], made(x[2:3], length[2:3])[0])
    together.sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize(
    ("settings", "problem", "remedy"),
    [
        ({"band_mhz": (22, 600)}, "within 0 and 500 mHz", "encoder.band_mhz=[22,100]"),
        ({"band_mhz": (100, 22)}, "must rise", "encoder.band_mhz=[22,100]"),
        ({"band_mhz": (-1, 22)}, "must rise", "encoder.band_mhz=[22,100]"),
        ({"band_mhz": (22, 30)}, "holds 2 bins of 256", "encoder.nperseg=512, or a wider"),
        ({"nperseg": 32}, "holds 3 bins of 32", "encoder.nperseg=64, or a wider"),
        ({"nperseg": 4096, "length": 3600}, "3600 samples", "encoder.nperseg=2048, or longer"),
        ({"noverlap_ratio": 1.0}, "below 1", "encoder.noverlap_ratio=0.5"),
        ({"window": "hamm"}, "no window 'hamm'", "encoder.window=hamming"),
        ({"extra": BOTH, "channels": 2}, "2 channels of three", "encoder.extra=[]"),
        ({"extra": BOTH, "places": (0, 1, 3)}, "not three of 3", "encoder.places=[0,1,2]"),
        ({"extra": BOTH, "averaged": 4}, "odd number", "encoder.averaged=5"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    settings: dict[str, Any], problem: str, remedy: str
) -> None:
    with pytest.raises(Refused) as refused:
        encoder(**settings)
    assert problem in refused.value.problem
    assert refused.value.remedy.startswith(remedy)


@pytest.mark.parametrize("size", [9.0, 31.7, 77.0])
def test_the_remedy_for_a_narrow_band_holds(size: float) -> None:
    with pytest.raises(Refused) as refused:
        encoder(band_mhz=(22.0, 22.0 + size), nperseg=16)
    given = int(refused.value.remedy.split(",")[0].removeprefix("encoder.nperseg="))
    assert len(encoder(band_mhz=(22.0, 22.0 + size), nperseg=given).frequencies) >= 4
