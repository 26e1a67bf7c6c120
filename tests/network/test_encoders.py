"""Encoders: right bins, the whole record, coordinates that fit, padding that does not matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.network.encoders.fft import FFT
from tremor.network.encoders.image import Image
from tremor.network.encoders.raw import Raw
from tremor.network.encoders.spectrogram import Spectrogram

RATE = 100.0
ENCODERS: tuple[Callable[..., Any], ...] = (FFT, Spectrogram, Raw)


def sine(hertz: float, samples: int = 2500, start: int = 0) -> Tensor:
    time = torch.arange(samples) / RATE
    wave = torch.sin(2 * torch.pi * hertz * time) * (torch.arange(samples) >= start)
    return wave.repeat(1, 3, 1)


@pytest.mark.parametrize("hertz", [3.125, 12.5, 25.0, 40.625])
def test_a_tone_lands_in_its_bin_in_rising_order(hertz: float) -> None:
    encoder = FFT(3, 2500, RATE)
    features, steps = encoder(sine(hertz), torch.tensor([2500]))
    assert features.shape == (1, 3, 257)
    assert steps.tolist() == [257]
    found = encoder.coordinates()["frequency"][features[0, 0].argmax()]
    assert found.item() == pytest.approx(hertz, abs=RATE / 512)


def test_the_whole_record_counts_and_dc_is_there() -> None:
    """The earlier tool saw only the first 512 samples, and no DC."""
    encoder = FFT(3, 2500, RATE, log=False)
    late, _ = encoder(sine(12.5, start=1500), torch.tensor([2500]))
    assert late.max() > 0.01
    assert encoder.frequencies[0] == 0
    assert encoder.frequencies[-1] == RATE / 2
    assert (encoder.frequencies.diff() > 0).all()


def test_amplitude_is_the_root_of_power() -> None:
    x, length = torch.randn(2, 3, 2500), torch.tensor([2500, 2500])
    log, _ = FFT(3, 2500, RATE, floor=0.0)(x, length)
    plain, _ = FFT(3, 2500, RATE, log=False)(x, length)
    ratio = 2 * torch.log10(plain) - log
    torch.testing.assert_close(ratio, ratio[..., :1].expand_as(ratio), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("make", ENCODERS)
def test_shapes_and_coordinates_agree(make: Callable[..., Any]) -> None:
    encoder = make(3, 1300, RATE)
    features, steps = encoder(torch.randn(2, 3, 1300), torch.tensor([1300, 1300]))
    assert features.shape[1:] == encoder.out_shape
    assert steps.tolist() == [features.shape[-1]] * 2
    sizes = [len(values) for values in encoder.coordinates().values()]
    assert sizes == list(features.shape[-len(sizes) :])


@pytest.mark.parametrize("make", ENCODERS)
def test_padding_does_not_change_the_valid_steps(make: Callable[..., Any]) -> None:
    x = torch.randn(1, 3, 1024)
    alone, steps = make(3, 1024, RATE)(x, torch.tensor([1024]))
    padded = nn.functional.pad(x, (0, 700))
    among, same = make(3, 1724, RATE)(padded, torch.tensor([1024]))
    assert same.tolist() == steps.tolist()
    torch.testing.assert_close(among[..., : steps[0]], alone[..., : steps[0]], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("make", [FFT, Spectrogram])
def test_records_shorter_than_a_segment_are_padded(make: Callable[..., Any]) -> None:
    features, steps = make(3, 40, RATE)(torch.randn(1, 3, 40), torch.tensor([40]))
    assert torch.isfinite(features).all()
    assert steps.min() >= 1


def test_raw_patches_hold_every_sample() -> None:
    x = torch.arange(12.0).reshape(1, 2, 6)
    patches, steps = Raw(2, 6, RATE, patch=2)(x, torch.tensor([6]))
    assert steps.tolist() == [3]
    assert patches[0, :, 0].tolist() == [0, 1, 6, 7]
    single, _ = Raw(2, 6, RATE, patch=1)(x, torch.tensor([6]))
    assert torch.equal(single, x)


def test_minmax_of_a_spectrogram_does_not_know_the_unit() -> None:
    """Earlier studies' pictures: 0 to 1 over the three components of a record together."""
    x, length = (
        torch.randn(2, 3, 1300) * torch.tensor([1.0, 2.0, 0.1])[:, None],
        torch.full((2,), 1300),
    )
    encoder = Spectrogram(3, 1300, RATE, noverlap_ratio=0.8, scale="minmax")
    seen, frames = encoder(x, length)
    assert seen.shape == (2, 3, 33, 96)
    assert frames.tolist() == [96, 96]
    assert seen.amin((1, 2, 3)).tolist() == [0, 0]
    assert seen.amax((1, 2, 3)).tolist() == [1, 1]
    assert (seen[:, 2].mean((1, 2)) < seen[:, 1].mean((1, 2))).all()
    torch.testing.assert_close(encoder(x * 1e-9, length)[0], seen, rtol=1e-3, atol=1e-4)
    plain, _ = Spectrogram(3, 1300, RATE, noverlap_ratio=0.8)(x, length)
    low, high = plain.amin((1, 2, 3), keepdim=True), plain.amax((1, 2, 3), keepdim=True)
    torch.testing.assert_close(seen, (plain - low) / (high - low))


def test_window_and_scale_leave_nothing_in_checkpoints() -> None:
    encoder = Spectrogram(3, 1300, RATE, window=("tukey", 0.25), scale="minmax")
    assert not encoder.state_dict()


PICTURES = torch.rand(2, 3, 33, 96)
BY_COLUMN = PICTURES.transpose(2, 3).flatten(2)
EXTENT = (0.0, 50.0, 0.32, 12.67)


def test_pictures_are_seen_as_they_are() -> None:
    encoder = Image(3, 3168, 250.0, height=33, f_t_range=EXTENT, standardise=False)
    seen, columns = encoder(BY_COLUMN, torch.tensor([3168, 1650]))
    assert torch.equal(seen, PICTURES)
    assert encoder.out_shape == (3, 33, 96)
    assert columns.tolist() == [96, 50]
    axes = encoder.coordinates()
    assert list(axes) == ["frequency", "time"]
    torch.testing.assert_close(axes["frequency"], Spectrogram(3, 1300, RATE).frequencies)
    times = Spectrogram(3, 1300, RATE, noverlap_ratio=0.8).times
    torch.testing.assert_close(axes["time"], times)


def test_pictures_of_unknown_axes_have_numbers_for_them() -> None:
    axes = Image(3, 3168, 33.0, height=33).coordinates()
    assert {name: len(values) for name, values in axes.items()} == {"row": 33, "column": 96}


def test_a_picture_higher_than_its_pixels_is_refused() -> None:
    with pytest.raises(Refused, match="height is 33; the records have 20 samples"):
        Image(3, 20, 33.0, height=33)
