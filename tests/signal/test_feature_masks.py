"""Masks of spectrograms: as many and as large as asked for, drawn apart, only while training."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tremor.errors import Refused
from tremor.signal.feature_masks import FeatureMasks

OFF: dict[str, float] = {"time_p": 0.0, "frequency_p": 0.0, "grid_p": 0.0}
ROWS, COLUMNS = 20, 167


def batch(size: int = 64, rows: int = ROWS, columns: int = COLUMNS) -> Tensor:
    """Values of which none is the mean, so that what is hidden shows."""
    torch.manual_seed(3)
    x = torch.randn(size, 3, rows, columns)
    return x + x.sign()


def whole(x: Tensor) -> Tensor:
    return torch.full((len(x),), x.shape[-1])


def hidden(x: Tensor, **chosen: Any) -> Tensor:
    """What the masks change, all else being off."""
    y = FeatureMasks(**(OFF | chosen))(x, whole(x))
    gone = y != x
    torch.testing.assert_close(y[gone], x.mean((2, 3), keepdim=True).expand_as(x)[gone])
    return gone


def test_nothing_happens_in_evaluation_or_by_probability_zero() -> None:
    x = batch()
    masks = FeatureMasks(time_p=1, frequency_p=1, grid_p=1)
    assert torch.equal(masks.eval()(x, whole(x)), x)
    assert not torch.equal(masks.train()(x, whole(x)), x)
    assert not hidden(x).any()


@pytest.mark.parametrize("shape", [(4, 8, 30), (4, 30), (4, 3, 5, 2, 30)])
def test_what_is_no_spectrogram_is_refused_unless_nothing_hides(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    assert torch.equal(FeatureMasks(**OFF)(x, whole(x)), x)
    assert torch.equal(FeatureMasks(time_p=1).eval()(x, whole(x)), x)
    with pytest.raises(Refused, match="hides times and frequencies") as refused:
        FeatureMasks(**(OFF | {"grid_p": 0.1}))(x, whole(x))
    assert (refused.value.where, refused.value.remedy) == ("task.masks", "task.masks=null")


def test_the_seed_decides() -> None:
    x, masks = batch(), FeatureMasks(time_p=1, frequency_p=1, grid_p=1)
    torch.manual_seed(1)
    first = masks(x, whole(x))
    torch.manual_seed(1)
    assert torch.equal(masks(x, whole(x)), first)
    assert not torch.equal(masks(x, whole(x)), first)


@settings(max_examples=30, deadline=None)
@given(
    share=st.floats(0.01, 1),
    rows=st.integers(1, 40),
    columns=st.integers(1, 60),
    time=st.booleans(),
)
def test_a_span_is_whole_and_no_longer_than_its_share(
    share: float, rows: int, columns: int, time: bool
) -> None:
    x = batch(16, rows, columns)
    name = "time" if time else "frequency"
    gone = hidden(x, **{f"{name}_p": 1.0, f"max_{name}_share": share})
    span, other = (gone[:, :, 0], gone) if time else (gone[..., 0], gone.transpose(2, 3))
    if rows * columns > 1:  # one cell is its own mean
        assert (other == span[:, :, None]).all()
        long = span.sum(-1)
        assert long.min() >= 1
        assert long.max() <= max(1, int(share * span.shape[-1] + 1e-4))  # single precision
        begun = (span[..., 1:] & ~span[..., :-1]).sum(-1) + span[..., 0]
        assert (begun == 1).all()


def test_spans_reach_every_cell_and_every_length() -> None:
    gone = hidden(batch(3000, 20, 30), frequency_p=1, max_frequency_share=0.15)[..., 0]
    share = gone.float().mean((0, 1))
    assert share.min() > 0.02
    assert (share - share.flip(0)).abs().max() < 0.03
    counts = torch.bincount(gone.sum(-1).flatten(), minlength=4)
    assert counts[0] == 0
    assert counts[1:].float().div(counts.sum()).sub(1 / 3).abs().max() < 0.02


def test_so_many_records_are_chosen_and_components_apart() -> None:
    x = batch(800)
    gone = hidden(x, time_p=0.3).flatten(2).any(-1)
    assert gone.float().mean().item() == pytest.approx(0.3, abs=0.04)
    assert (gone[:, 0] & gone[:, 1]).float().mean().item() == pytest.approx(0.09, abs=0.03)
    together = hidden(x, time_p=0.3, grid_p=0.3, frequency_p=0.3, per_component=False)
    assert (together == together[:, :1]).all()


@pytest.mark.parametrize("ratio", [0.2, 0.5, 0.8])
def test_the_grids_ratio_decides_how_much_is_hidden(ratio: float) -> None:
    """In an earlier tool it was read and then left out: a quarter was hidden whatever it said."""
    gone = hidden(batch(400, 60, 60), grid_p=1.0, grid_ratio=ratio).float()
    assert gone.mean().item() == pytest.approx(ratio**2, abs=0.02)
    for across in ((0, 1, 2), (0, 1, 3)):  # everywhere alike
        assert (gone.mean(across) / ratio**2 - 1).abs().max() < 0.2


def test_a_grid_is_of_squares_of_the_picture_with_its_own_offset() -> None:
    gone = hidden(batch(8, 50, 100), grid_p=1.0, grid_unit=(0.2, 0.2), grid_ratio=0.5)
    rows, columns = gone.any(-1), gone.any(-2)
    assert torch.equal(gone, rows[..., :, None] & columns[..., None, :])
    assert (rows == rows.roll(10, -1)).all()  # a fifth of 50 rows
    assert (columns == columns.roll(20, -1)).all()
    assert (rows.sum(-1) == 25).all()
    assert (columns.sum(-1) == 50).all()
    assert len({tuple(one.tolist()) for one in rows.flatten(0, 1)}) > 4


def test_what_pads_a_record_is_neither_hidden_nor_part_of_the_mean() -> None:
    x, steps = batch(3, 8, 50), torch.tensor([50, 20, 1])
    x[1, ..., 20:], x[2, ..., 1:] = 1000.0, 1000.0
    masks = FeatureMasks(time_p=1, max_time_share=0.5, frequency_p=1, grid_p=1)
    y = masks(x, steps)
    for row, frames in enumerate(steps.tolist()):
        assert torch.equal(y[row, ..., frames:], x[row, ..., frames:])
        assert (y[row, ..., :frames] != x[row, ..., :frames]).any()
    gone = y[1, ..., :20] != x[1, ..., :20]
    mean = x[1, ..., :20].mean((1, 2), keepdim=True).expand(3, 8, 20)
    torch.testing.assert_close(y[1, ..., :20][gone], mean[gone])


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"time_p": 1.5}, "task.masks.time_p is 1.5"),
        ({"max_frequency_share": -0.1}, "task.masks.max_frequency_share is -0.1"),
        ({"grid_ratio": 2.0}, "task.masks.grid_ratio is 2.0"),
        ({"grid_unit": (0.5, 0.2)}, "must rise"),
        ({"grid_unit": (0.0, 0.2)}, "above 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(Refused, match=problem):
        FeatureMasks(**settings)
