"""A signal taken apart into octave bands that add up to it."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor


def octave_edges(sampling_rate: float, bands: int) -> list[float]:
    """Frequencies between neighbouring bands (Hz), rising: a half, a quarter, … of the highest."""
    return sorted(sampling_rate / 2 / 2**k for k in range(1, bands))


def octave_bands(x: Tensor, sampling_rate: float, bands: int) -> Tensor:
    """`(…, channel, time)` to `(…, band, channel, time)`: zero-phase, the lowest band first.

    The gains of neighbours cross over half an octave as a cosine squared and sum to one.
    """
    spectrum = torch.fft.rfft(x)
    hz = torch.fft.rfftfreq(x.shape[-1], 1 / sampling_rate, device=x.device)
    above = [_rise(hz, edge).to(x.dtype) for edge in octave_edges(sampling_rate, bands)]
    steps = [torch.ones_like(hz), *above, torch.zeros_like(hz)]
    gains = torch.stack([low - high for low, high in pairwise(steps)])
    parts = spectrum[..., None, :, :] * gains[:, None]
    apart: Tensor = torch.fft.irfft(parts, n=x.shape[-1])
    return apart


def _rise(hz: Tensor, edge: float) -> Tensor:
    """From 0 to 1 across half an octave around an edge."""
    octaves = torch.log2(hz.clamp(min=1e-9) / edge)
    angle: Tensor = (octaves / 0.5 + 0.5).clamp(0, 1) * (torch.pi / 2)
    return torch.sin(angle).square()
