"""Augmentation: each change does what it says, on the records chosen, and repeats by seed."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from tremor.signal.augment import NoAugment, SpecMask, WaveformAugment, add_noise, warp

OFF = {"shift_p": 0.0, "stretch_p": 0.0, "scale_p": 0.0, "noise_p": 0.0}
SAMPLES = 400


def batch(size: int = 8) -> tuple[Tensor, Tensor]:
    torch.manual_seed(3)
    return torch.randn(size, 3, SAMPLES), torch.full((size,), SAMPLES)


def test_nothing_chosen_changes_nothing() -> None:
    x, length = batch()
    assert torch.equal(WaveformAugment(**OFF)(x, length), x)
    assert torch.equal(NoAugment()(x, length), x)


def test_the_seed_decides() -> None:
    x, length = batch()
    augment = WaveformAugment(shift_p=1, stretch_p=1, scale_p=1, noise_p=1)
    torch.manual_seed(1)
    first = augment(x, length)
    torch.manual_seed(1)
    assert torch.equal(augment(x, length), first)
    assert not torch.equal(augment(x, length), first)


@pytest.mark.parametrize("wrap", [True, False])
@pytest.mark.parametrize("shift", [-7, 13])
def test_a_shift_moves_samples_circular_or_padded(wrap: bool, shift: int) -> None:
    x, length = batch()
    moved = warp(x, length, torch.full((8,), float(shift)), torch.ones(8), wrap=wrap)
    expected = torch.roll(x, shift, -1)
    if not wrap:
        edge = slice(0, shift) if shift > 0 else slice(shift, None)
        expected[..., edge] = 0
    torch.testing.assert_close(moved, expected)


def test_a_shift_is_at_most_its_share_of_the_record() -> None:
    x = torch.zeros(256, 1, SAMPLES)
    x[..., SAMPLES // 2] = 1
    augment = WaveformAugment(**(OFF | {"shift_p": 1.0}), max_shift=0.1)
    place = augment(x, torch.full((256,), SAMPLES))[:, 0].argmax(-1) - SAMPLES // 2
    assert place.abs().max() <= 40
    assert place.abs().max() >= 30
    assert place.min() < 0 < place.max()


@pytest.mark.parametrize("rate", [0.95, 1.05])
def test_a_stretch_really_changes_the_time_axis(rate: float) -> None:
    """A sine of 5 Hz becomes one of 5 / rate Hz: the earlier tool left it as it was."""
    time = torch.arange(SAMPLES * 5) / 100
    x = torch.sin(2 * math.pi * 5 * time)[None, None]
    y = warp(x, torch.tensor([SAMPLES * 5]), torch.zeros(1), torch.tensor([rate]), wrap=False)
    kept = slice(0, 1800)
    expected = torch.sin(2 * math.pi * 5 / rate * time)
    assert (y[0, 0, kept] - expected[kept]).abs().max() < 0.02
    assert (y[0, 0, kept] - x[0, 0, kept]).abs().max() > 0.5


@pytest.mark.parametrize("snr", [15.0, 40.0])
def test_noise_has_the_ratio_asked_for(snr: float) -> None:
    x, length = batch(64)
    rows = torch.arange(64) % 2 == 0
    noise = add_noise(x.clone(), length, torch.where(rows, snr, torch.inf)) - x
    ratio = 10 * torch.log10(x[rows].square().mean() / noise[rows].square().mean())
    assert ratio.item() == pytest.approx(snr, abs=0.2)
    assert not noise[~rows].any()


def test_gains_stay_in_their_range() -> None:
    x, length = batch(200)
    gain = WaveformAugment(**(OFF | {"scale_p": 0.5}))(x, length) / x
    torch.testing.assert_close(gain, gain[:, :1, :1].expand_as(gain))
    assert gain.min() >= 0.899
    assert gain.max() <= 1.101
    assert 60 < (gain[:, 0, 0] != 1).sum() < 140


@pytest.mark.parametrize("wrap", [True, False])
def test_padding_stays_empty(wrap: bool) -> None:
    x, _ = batch()
    length = torch.tensor([SAMPLES, 300, 200, 100, 50, 10, 2, 1])
    x = x * (torch.arange(SAMPLES) < length[:, None])[:, None]
    y = WaveformAugment(1.0, 0.1, wrap, 1.0, (0.95, 1.05), 1.0, (0.9, 1.1), 1.0)(x, length)
    assert torch.isfinite(y).all()
    for row, samples in enumerate(length.tolist()):
        assert not y[row, :, samples:].any()


def test_spans_are_gone_from_all_channels_and_nothing_else_changes() -> None:
    torch.manual_seed(0)
    x, length = torch.randn(40, 3, 1000) + 5, torch.full((40,), 1000)
    y = SpecMask(share=0.3, span=40)(x, length)
    gone = y == 0
    assert (gone == gone[:, :1]).all()
    torch.testing.assert_close(y[~gone], x[~gone])
    assert float(gone.float().mean()) == pytest.approx(0.26, abs=0.03)
