"""How two horizontal components move together: direction and shape of their ellipse."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from tremor.signal.band import Parts, power_of
from tremor.signal.masks import valid


def polarised(north: Parts, east: Parts, frames: Tensor, averaged: int, floor: float) -> Tensor:
    """`(batch, 3, frequency, frame)` of -1 … 1 from spectra `(batch, frequency, frame)`.

    The cross spectrum, averaged over an odd number of frames, as Stokes parameters relative to the
    power: `p cos 2θ`, `p sin 2θ` and `e`. θ is the azimuth of the ellipse's long axis, from north
    over east; `e` is 1 for a circle that turns from north to east, -1 for one the other way, 0 for
    a line; `p² + e²` is the square of the polarised share. Nothing jumps, where an angle would, and
    what is not polarised is 0. `frames (batch,)` are valid, no other one counts; `floor` is a power
    far below which all goes to 0.
    """
    (a, b), (c, d) = north, east
    one, other = power_of(north), power_of(east)
    spectra = torch.stack([one + other, one - other, 2 * (a * c + b * d), 2 * (b * c - a * d)], 1)
    inside = valid(frames, a.shape[-1])[:, None, None].to(a.dtype)
    total, *stokes = (
        _running(spectra * inside, averaged) / _running(inside, averaged).clamp(min=1e-9)
    ).unbind(1)
    return torch.stack(stokes, 1) / (total + 2 * floor)[:, None]


def _running(x: Tensor, frames: int) -> Tensor:
    """The sum over so many frames about each one, divided by their number."""
    return avg_pool2d(x, (1, frames), stride=1, padding=(0, frames // 2))
