"""Parts of spectrograms hidden at random while training: no one time or frequency may decide."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.signal.masks import masked_mean, valid

KEY = "task.masks"


class FeatureMasks(nn.Module):
    """Hides times, frequencies and a grid of squares in `(batch, channel, frequency, frame)`.

    Each with its own probability for each record and, if `per_component`, each channel by itself: a
    span of frames and one of frequencies, of any length up to a share of the axis (SpecAugment),
    and the squares of a grid (GridMask). The grid's unit is a share of each axis, drawn from
    `grid_unit`, and begins anywhere; `grid_ratio` of each of its sides is hidden, so the square of
    that of the picture. Units are shares so that squares are square where a model resizes to one.
    What is hidden becomes the mean of the record's channel, which leaves its level as it was.
    Nothing happens in evaluation mode, nor to features of any shape where all probabilities are 0.
    """

    def __init__(
        self,
        time_p: float = 0.5,
        max_time_share: float = 0.1,
        frequency_p: float = 0.5,
        max_frequency_share: float = 0.15,
        grid_p: float = 0.0,
        grid_unit: tuple[float, float] = (0.2, 0.5),
        grid_ratio: float = 0.5,
        per_component: bool = True,
    ):
        super().__init__()
        _refuse_beyond(time_p=time_p, frequency_p=frequency_p, grid_p=grid_p)
        shares = {"max_time_share": max_time_share, "max_frequency_share": max_frequency_share}
        _refuse_beyond(**shares, grid_ratio=grid_ratio)
        if not 0 < grid_unit[0] <= grid_unit[1] <= 1:
            fault = f"{KEY}.grid_unit is {list(grid_unit)}, must rise, above 0 and up to 1"
            raise Refused(fault, f"{KEY}.grid_unit", f"{KEY}.grid_unit=[0.2,0.5]")
        self.time_p, self.max_time_share = time_p, max_time_share
        self.frequency_p, self.max_frequency_share = frequency_p, max_frequency_share
        self.grid_p, self.grid_unit, self.grid_ratio = grid_p, grid_unit, grid_ratio
        self.per_component = per_component
        self.on = max(time_p, frequency_p, grid_p) > 0

    def forward(self, x: Tensor, steps: Tensor) -> Tensor:
        """The same shape, with parts of the valid frames, `steps (batch,)` of them, hidden."""
        if not (self.training and self.on):
            return x
        _refuse_no_picture(x)
        rows, columns = x.shape[2:]
        drawn = (len(x), x.shape[1] if self.per_component else 1)
        steps = steps.clamp(max=columns)
        high = torch.full_like(steps, rows)
        times = _spans(drawn, columns, steps, self.time_p, self.max_time_share)
        frequencies = _spans(drawn, rows, high, self.frequency_p, self.max_frequency_share)
        hidden = times[..., None, :] | frequencies[..., :, None] | self._grid(drawn, x)
        hidden = hidden & valid(steps, columns)[:, None, None]
        mean = masked_mean(x.flatten(1, 2), steps).unflatten(1, x.shape[1:3]).mean(2)
        return torch.where(hidden, mean[..., None, None], x)

    def _grid(self, drawn: tuple[int, int], x: Tensor) -> Tensor:
        """Squares, `(batch, 1 or channel, frequency, frame)`, True where hidden."""
        chosen, side, *offsets = torch.rand(4, *drawn, 1, device=x.device)
        low, high = self.grid_unit
        unit = low + (high - low) * side
        rows, columns = (
            self._stripes(size, unit, offset, x)
            for size, offset in zip(x.shape[2:], offsets, strict=True)
        )
        squares: Tensor = (
            rows[..., :, None] & columns[..., None, :] & (chosen < self.grid_p)[..., None]
        )
        return squares

    def _stripes(self, size: int, unit: Tensor, offset: Tensor, x: Tensor) -> Tensor:
        """Where an axis lies in the hidden part of its unit: `(batch, 1 or channel, size)`."""
        place = torch.arange(size, device=x.device) / size / unit + offset
        return place % 1 < self.grid_ratio


def _spans(drawn: tuple[int, int], cells: int, size: Tensor, p: float, share: float) -> Tensor:
    """One span each, `(batch, 1 or channel, cells)`, True where hidden; at least a cell long.

    It lies within the first `size (batch,)` cells of a record and covers up to a share of those.
    """
    chosen, long, place = torch.rand(3, *drawn, 1, device=size.device)
    size = size[:, None, None]
    most = (share * size).floor().clamp(min=1) if share else 0 * size
    length = torch.minimum(1 + (long * most).floor(), most)
    start = (place * (size - length + 1)).floor()
    at = torch.arange(cells, device=size.device)
    span: Tensor = (at >= start) & (at < start + length) & (chosen < p)
    return span


def _refuse_no_picture(x: Tensor) -> None:
    """Masks are of frequencies by frames."""
    if x.ndim != 4:
        fault = f"{KEY} hides times and frequencies, the encoder gives {x.ndim - 1} axes, not 3"
        raise Refused(fault, KEY, f"{KEY}=null")


def _refuse_beyond(**settings: float) -> None:
    """Probabilities and shares lie between 0 and 1."""
    for name, value in settings.items():
        if not 0 <= value <= 1:
            key = f"{KEY}.{name}"
            raise Refused(f"{key} is {value}, must be from 0 to 1", key, f"{key}=0.1")
