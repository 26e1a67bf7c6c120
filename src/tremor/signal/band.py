"""Short-time transforms of one band of frequencies, under trends far larger than what is in it."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from tremor.signal.spectrum import Window, bins_hz, window_of

Parts = tuple[Tensor, Tensor]
"""Real and imaginary parts of the same shape."""


class SegmentBand(nn.Module):
    """Spectra of the segments of a signal in some bins: `(…, time)` to `(…, segment, bin)` twice.

    Each segment loses the straight line that fits it best, is windowed and transformed, as
    `scipy.signal.spectrogram` does it with `detrend="linear"`: the squares of real and imaginary
    part add up to unit² / Hz, one-sided. A trend is nearly a line within a segment, so what it
    leaves in a band above it is many orders of magnitude below the trend, at no cost: line, window
    and transform are one matrix, of as many columns as there are bins. In float32 even where the
    network runs in bfloat16, whose 8 bits would turn a trend into noise.
    """

    matrix: Tensor

    def __init__(
        self, size: int, hop: int, sampling_rate: float, bins: Tensor, window: Window = "hann"
    ):
        super().__init__()
        self.size, self.hop = size, hop
        shape = window_of(window, size)
        shape = shape * (2 / (sampling_rate * shape.square().sum())).sqrt()
        self.register_buffer("matrix", _transform(shape, bins).float(), persistent=False)

    def forward(self, x: Tensor) -> Parts:
        with torch.autocast(x.device.type, enabled=False):
            pieces = x.to(self.matrix.dtype).unfold(-1, self.size, self.hop)
            centred = pieces - pieces.mean(-1, keepdim=True)
            real, imaginary = (centred @ self.matrix).chunk(2, dim=-1)
        return real, imaginary


def bins_within(size: int, sampling_rate: float, low: float, high: float) -> Tensor:
    """Numbers `(bin,)` of a segment's bins from `low` to `high` (Hz), both included."""
    hertz, rounding = bins_hz(size, sampling_rate).double(), 1e-6 * sampling_rate / size
    return torch.nonzero((hertz >= low - rounding) & (hertz <= high + rounding)).squeeze(-1)


def power_of(parts: Parts) -> Tensor:
    """The power `(…, segment, bin)` of a spectrum given by real and imaginary parts."""
    real, imaginary = parts
    return real.square() + imaginary.square()


def decibels(power: Tensor, floor: float) -> Tensor:
    """Power above a fixed floor of the same unit, in dB relative to 1: alike for all records."""
    return 10 * torch.log10(power + floor)


def _transform(window: Tensor, bins: Tensor) -> Tensor:
    """The matrix `(size, 2 * bins)`, float64, of detrending, windowing and transforming."""
    size = len(window)
    angle = (torch.arange(size)[:, None] * bins % size).double() * (-2 * math.pi / size)
    waves = torch.cat([angle.cos(), angle.sin()], dim=1) * window[:, None]
    alone = (bins == 0) | (2 * bins == size)  # no negative frequency is folded onto these
    waves = waves * torch.where(alone, math.sqrt(0.5), 1.0).double().repeat(2)
    ramp = torch.arange(size).double() - (size - 1) / 2
    line = torch.stack([torch.ones(size).double(), ramp], dim=1)
    line = line / line.norm(dim=0)
    straight: Tensor = waves - line @ (line.T @ waves)
    return straight
