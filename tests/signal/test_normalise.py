"""Amplitude norms: known answers, padding untouched, dead channels zero."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from tremor.errors import Refused
from tremor.signal import normalise

Norm = Callable[[Tensor, Tensor], Tensor]
NORMS = (normalise.std, normalise.peak, normalise.none)


def batch(seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(4, 3, 200, generator=generator) * 1e4 + 777
    length = torch.tensor([200, 150, 60, 1])
    return x * (torch.arange(200) < length[:, None])[:, None], length


@pytest.mark.parametrize("norm", NORMS)
def test_padding_stays_zero_and_signal_is_centred(norm: Norm) -> None:
    x, length = batch()
    y = norm(x, length)
    for row, samples in enumerate(length.tolist()):
        assert not y[row, :, samples:].any()
        limit = 1e-3 * y[row].abs().max().clamp(min=1)
        assert (y[row, :, :samples].mean(-1).abs() <= limit).all()


def test_std_and_peak_have_their_unit() -> None:
    x, length = batch()
    spread = normalise.std(x, length)[1, :, :150].std(-1, correction=0)
    torch.testing.assert_close(spread, torch.ones(3), rtol=1e-4, atol=1e-4)
    largest = normalise.peak(x, length)[1].abs().amax(-1)
    torch.testing.assert_close(largest, torch.ones(3))


@pytest.mark.parametrize("norm", NORMS[:2])
@given(level=st.floats(-1e6, 1e6), gain=st.floats(1e-2, 1e6))
def test_level_and_gain_do_not_matter(norm: Norm, level: float, gain: float) -> None:
    x = torch.randn(1, 1, 64, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    length = torch.tensor([64])
    moved = norm(x * gain + level, length)
    torch.testing.assert_close(moved, norm(x, length), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("norm", NORMS[:2])
@pytest.mark.parametrize("value", [0.0, 1.0, 12345.678, 1e-20])
@pytest.mark.parametrize("over", ["channel", "record"])
@pytest.mark.parametrize("demean", ["channel", "record", "none"])
def test_a_dead_channel_gives_zeros_not_millions(
    norm: Norm, value: float, over: str, demean: str
) -> None:
    x = torch.randn(1, 3, 2500, generator=torch.Generator().manual_seed(0))
    x[:, 1] = value
    y = norm(x, torch.tensor([2500]), over=over, demean=demean)  # type: ignore[call-arg]
    assert not y[:, 1].any()
    assert y[:, [0, 2]].abs().amax(-1).min() > 0.1
    assert not norm(x[:, 1:2], torch.tensor([2500]), over=over, demean=demean).any()  # type: ignore[call-arg]


@pytest.mark.parametrize("norm", NORMS)
def test_a_record_does_not_depend_on_its_batch(norm: Norm) -> None:
    x, length = batch()
    alone = norm(x[1:2, :, :150], length[1:2])
    torch.testing.assert_close(norm(x, length)[1:2, :, :150], alone)


@pytest.mark.parametrize("norm", [normalise.std, normalise.peak])
def test_a_record_scaled_as_a_whole_keeps_the_ratios_of_its_channels(norm: Norm) -> None:
    x, length = torch.randn(2, 3, 100), torch.tensor([100, 60])
    x = x * torch.tensor([1.0, 10.0, 0.1])[:, None]
    whole = norm(x, length, over="record")  # type: ignore[call-arg]
    plain = normalise.none(x, length)
    ratio = whole[1, :, :60] / plain[1, :, :60]
    torch.testing.assert_close(ratio, ratio[:1, :1].expand_as(ratio))
    shown = whole[1, :, :60]
    unit = shown.abs().max() if norm is normalise.peak else shown.square().mean().sqrt()
    torch.testing.assert_close(unit, torch.tensor(1.0))


@pytest.mark.parametrize("norm", NORMS)
def test_the_mean_stays_if_asked(norm: Norm) -> None:
    x, length = torch.randn(2, 3, 100) + 50, torch.tensor([100, 60])
    kept = norm(x, length, demean="none")  # type: ignore[call-arg]
    assert (kept[1, :, :60].mean(-1) > 0.5).all()
    assert not kept[1, :, 60:].any()


@pytest.mark.parametrize("norm", NORMS)
def test_the_mean_of_the_record_leaves_the_channels_apart(norm: Norm) -> None:
    x = torch.randn(2, 3, 100) + torch.tensor([-10.0, 20.0, 50.0])[:, None]
    kept = norm(x, torch.tensor([100, 60]), demean="record")  # type: ignore[call-arg]
    means = kept[1, :, :60].mean(-1)
    assert means[0] < means[1] < means[2]
    assert not kept[1, :, 60:].any()
    plain = normalise.none(x, torch.tensor([100, 60]), demean="record")
    torch.testing.assert_close(plain[1, :, :60].mean(), torch.tensor(0.0), rtol=0, atol=1e-4)


def test_no_norm_cannot_be_taken_over_the_record() -> None:
    with pytest.raises(Refused, match="scales nothing"):
        normalise.none(*batch(), over="record")
