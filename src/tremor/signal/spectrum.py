"""Power spectra of short segments, batched, equal to scipy's."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

SHORT = 128  # samples up to which one matrix product is faster than a fast Fourier transform


class SegmentPower(nn.Module):
    """Power density of the segments of a signal: `(…, time)` to `(…, segment, bin)`.

    Each segment loses its mean, is windowed (Hann) and transformed, as
    `scipy.signal.spectrogram(window="hann")` does it; unit² / Hz, one-sided. Short segments go
    through one matrix product that does all three at once.
    """

    window: Tensor
    matrix: Tensor

    def __init__(self, size: int, hop: int, sampling_rate: float):
        super().__init__()
        self.size, self.hop = size, hop
        window = torch.hann_window(size, periodic=True, dtype=torch.float64)
        window = window * (2 / (sampling_rate * window.square().sum())).sqrt()
        matrix = _transform(window) if size <= SHORT else torch.empty(0)
        self.register_buffer("matrix", matrix.float(), persistent=False)
        self.register_buffer("window", window.float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        pieces = x.unfold(-1, self.size, self.hop)
        if len(self.matrix):
            real, imaginary = (pieces @ self.matrix).chunk(2, dim=-1)
            power = real.square().addcmul_(imaginary, imaginary)
        else:
            centred = pieces - pieces.mean(-1, keepdim=True)
            transform = torch.fft.rfft(centred.mul_(self.window))
            power = transform.real.square().addcmul_(transform.imag, transform.imag)
        power[..., 0] *= 0.5  # DC, and Nyquist, have no negative frequency folded onto them
        if self.size % 2 == 0:
            power[..., -1] *= 0.5
        return power


def _transform(window: Tensor) -> Tensor:
    """The matrix `(size, 2 * bins)` of detrending, windowing and transforming; real parts first."""
    size = len(window)
    phase = torch.arange(size)[:, None] * torch.arange(size // 2 + 1) % size
    angle = phase.to(torch.float64) * (-2 * math.pi / size)
    detrend = torch.eye(size, dtype=torch.float64) - 1 / size
    parts = [detrend @ (window[:, None] * wave(angle)) for wave in (torch.cos, torch.sin)]
    return torch.cat(parts, dim=1)


def at_least(x: Tensor, size: int) -> Tensor:
    """A signal `(…, time)` with zeros added where it is shorter than `size` samples."""
    short = size - x.shape[-1]
    return pad(x, (0, short)) if short > 0 else x


def segments(samples: Tensor, size: int, hop: int) -> Tensor:
    """How many whole segments fit into so many samples (at least one)."""
    return ((samples - size) // hop + 1).clamp(min=1)


def log_power(power: Tensor, level: Tensor, floor: float) -> Tensor:
    """log10 of a power above a floor relative to the record's `level`: the unit does not matter."""
    tiny = torch.finfo(power.dtype).tiny
    return torch.log10(power / level.clamp(min=tiny) + floor)


def bins_hz(size: int, sampling_rate: float) -> Tensor:
    """The frequencies (Hz) of a segment's bins, from 0 up to half the sampling rate."""
    return torch.arange(size // 2 + 1) * (sampling_rate / size)
