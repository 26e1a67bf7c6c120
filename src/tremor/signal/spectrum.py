"""Power spectra of short segments, batched: one matrix product detrends, windows and transforms."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def segment_matrix(size: int, sampling_rate: float) -> Tensor:
    """The matrix `(size, 2 * bins)` that turns a segment into its scaled Fourier transform.

    It removes the segment's mean, applies a Hann window and scales to one-sided power density
    (unit² / Hz), like `scipy.signal.spectrogram(window="hann")`. Real parts first, then imaginary.
    """
    bins = size // 2 + 1
    window = torch.hann_window(size, periodic=True, dtype=torch.float64)
    phase = torch.arange(size)[:, None] * torch.arange(bins) % size
    angle = phase.to(torch.float64) * (-2 * math.pi / size)
    detrend = torch.eye(size, dtype=torch.float64) - 1 / size
    twice = torch.full((bins,), 2.0, dtype=torch.float64)
    twice[0] = 1.0
    if size % 2 == 0:
        twice[-1] = 1.0
    scale = (twice / (sampling_rate * window.square().sum())).sqrt()
    parts = [detrend @ (window[:, None] * wave(angle)) * scale for wave in (torch.cos, torch.sin)]
    return torch.cat(parts, dim=1).float()


def segment_power(x: Tensor, matrix: Tensor, hop: int) -> Tensor:
    """Power density `(…, segment, bin)` of the segments of `x (…, time)`, `hop` samples apart."""
    transform = x.unfold(-1, matrix.shape[0], hop) @ matrix
    real, imaginary = transform.chunk(2, dim=-1)
    return real.square() + imaginary.square()


def segments(samples: Tensor | int, size: int, hop: int) -> Tensor | int:
    """How many whole segments fit into so many samples (at least one)."""
    count = (samples - size) // hop + 1
    return count.clamp(min=1) if isinstance(count, Tensor) else max(count, 1)


def log_power(power: Tensor, level: Tensor, floor: float) -> Tensor:
    """log10 of a power above a floor relative to the record's `level`: the unit does not matter."""
    tiny = torch.finfo(power.dtype).tiny
    return torch.log10(power / level.clamp(min=tiny) + floor)


def bins_hz(size: int, sampling_rate: float) -> Tensor:
    """The frequencies (Hz) of a segment's bins, from 0 up to half the sampling rate."""
    return torch.arange(size // 2 + 1) * (sampling_rate / size)
