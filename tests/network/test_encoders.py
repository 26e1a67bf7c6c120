"""Encoders: right bins, the whole record, coordinates that fit, padding that does not matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tremor.network.encoders.fft import FFT
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
