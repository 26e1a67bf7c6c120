"""Changes of records of the magnetic field: no step at an end, levels in dB of the unit."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tremor.errors import Refused
from tremor.signal.augment import warp
from tremor.signal.band import SegmentBand, power_of
from tremor.signal.field_augment import FieldAugment, shifted

OFF = {"shift_p": 0.0, "gain_p": 0.0, "noise_p": 0.0}
SAMPLES = 400


def batch(size: int = 8) -> tuple[Tensor, Tensor]:
    torch.manual_seed(3)
    return torch.randn(size, 3, SAMPLES), torch.full((size,), SAMPLES)


def test_nothing_chosen_changes_nothing_and_the_seed_decides() -> None:
    x, length = batch()
    assert torch.equal(FieldAugment(**OFF)(x, length), x)
    augment = FieldAugment(shift_p=1, gain_p=1, noise_p=1)
    torch.manual_seed(1)
    first = augment(x, length)
    torch.manual_seed(1)
    assert torch.equal(augment(x, length), first)
    assert not torch.equal(augment(x, length), first)


@settings(max_examples=40, deadline=None)
@given(length=st.integers(2, 50), share=st.floats(-0.5, 0.5))
def test_a_shift_moves_samples_and_mirrors_what_comes_in(length: int, share: float) -> None:
    """A straight line goes straight on: value and time are both mirrored."""
    by = round(share * length)
    time = torch.arange(60.0)
    x = torch.stack([2 * time + 1, time.square()])[None] * (time < length)
    moved = shifted(x, torch.tensor([length]), torch.tensor([by]))
    line = (2 * (time - by) + 1) * (time < length)
    torch.testing.assert_close(moved[0, 0], line)
    inner = slice(max(by, 0), length + min(by, 0))
    from_where = slice(max(-by, 0), length - max(by, 0))
    torch.testing.assert_close(moved[0, 1, inner], x[0, 1, from_where])
    assert not moved[..., length:].any()


def test_a_shift_leaves_the_band_under_a_trend_alone() -> None:
    """With zeros instead, as waveforms are shifted, the end is a step that covers the band."""
    time = torch.arange(3600.0)
    x = (100 * torch.sin(2 * torch.pi * time / 86400) - 10).expand(1, 3, -1)
    length, band = torch.tensor([3600]), SegmentBand(256, 128, 1.0, torch.arange(6, 26))
    mirrored = power_of(band(shifted(x, length, torch.tensor([60]))))
    zeros = power_of(band(warp(x, length, torch.tensor([60.0]), torch.ones(1), wrap=False)))
    assert mirrored.max() < 1e-8
    assert zeros.max() > 1e-2


def test_a_shift_is_at_most_its_share_of_the_record_either_way() -> None:
    x = torch.zeros(256, 1, SAMPLES)
    x[..., SAMPLES // 2] = 1
    augment = FieldAugment(**(OFF | {"shift_p": 1.0}), max_shift=0.1)
    place = augment(x, torch.full((256,), SAMPLES))[:, 0].argmax(-1) - SAMPLES // 2
    assert 30 <= place.abs().max() <= 40
    assert place.min() < 0 < place.max()
    for wrong in (-0.1, 0.6):
        with pytest.raises(Refused, match="share of the record up to"):
            FieldAugment(max_shift=wrong)


def test_gains_of_records_and_of_components_stay_in_their_ranges() -> None:
    x, length = batch(400)
    both = FieldAugment(**(OFF | {"gain_p": 0.5}), gain_db=1.0, component_gain_db=0.3)
    gain = 20 * torch.log10(both(x, length) / x)
    torch.testing.assert_close(gain, gain[..., :1].expand_as(gain), atol=1e-3, rtol=0)
    gain = gain[..., 0]
    chosen = gain.abs().amax(-1) > 1e-4
    assert 150 < chosen.sum() < 250
    assert 1.0 < gain.abs().max() <= 1.301
    assert 0.4 < (gain[chosen].amax(-1) - gain[chosen].amin(-1)).max() <= 0.601


def test_noise_has_the_level_asked_for_whatever_the_record() -> None:
    x, length = batch(64)
    augment = FieldAugment(**(OFF | {"noise_p": 1.0}), noise_db=(-20.0, -20.0))
    for scale in (1.0, 100.0):
        noise = augment(x * scale, length) - x * scale
        assert noise.std().item() == pytest.approx(0.1, rel=0.02)


def test_padding_stays_empty() -> None:
    x, _ = batch()
    length = torch.tensor([SAMPLES, 300, 200, 100, 50, 10, 2, 1])
    x = x * (torch.arange(SAMPLES) < length[:, None])[:, None]
    y = FieldAugment(shift_p=1, max_shift=0.5, gain_p=1, noise_p=1)(x, length)
    assert torch.isfinite(y).all()
    for row, samples in enumerate(length.tolist()):
        assert not y[row, :, samples:].any()
