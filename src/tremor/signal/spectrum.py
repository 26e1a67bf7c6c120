"""Power spectra of short segments, batched, equal to scipy's."""

from __future__ import annotations

import math
from difflib import get_close_matches

import numpy as np
import torch
from scipy.signal import get_window, windows
from torch import Tensor, nn
from torch.nn.functional import pad

from tremor.errors import Refused
from tremor.signal.masks import valid

SHORT = 128  # samples up to which one matrix product is faster than a fast Fourier transform
NAMES = sorted(set(windows.__all__) - {"get_window"})

Window = str | tuple[str | float, ...]
"""A window as scipy names it: its name, or its name and parameters such as `("tukey", 0.25)`."""


class SegmentPower(nn.Module):
    """Power density of the segments of a signal: `(…, time)` to `(…, segment, bin)`.

    Each segment loses its mean, is windowed and transformed, as `scipy.signal.spectrogram` does it
    with the same window; unit² / Hz, one-sided. Short segments go through one matrix product that
    does all three at once.
    """

    window: Tensor
    matrix: Tensor

    def __init__(self, size: int, hop: int, sampling_rate: float, window: Window = "hann"):
        super().__init__()
        self.size, self.hop = size, hop
        shape = window_of(window, size)
        shape = shape * (2 / (sampling_rate * shape.square().sum())).sqrt()
        matrix = _transform(shape) if size <= SHORT else torch.empty(0)
        self.register_buffer("matrix", matrix.float(), persistent=False)
        self.register_buffer("window", shape.float(), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):  # 8 bits would drown quiet bins
            return self._power(x)

    def _power(self, x: Tensor) -> Tensor:
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


def window_of(window: Window, size: int) -> Tensor:
    """The periodic window that scipy gives under this name, `(size,)` float64."""
    name, *parameters = [window] if isinstance(window, str) else window or [""]
    key = "encoder.window"
    if name not in NAMES:
        near = get_close_matches(str(name), NAMES, n=1, cutoff=0.5)
        said = f"there is no window {name!r}; there are {', '.join(NAMES)}"
        raise Refused(said, key, f"{key}={near[0] if near else 'hann'}")
    try:
        with np.errstate(all="ignore"):
            values = get_window((name, *parameters) if parameters else name, size)
    except (ValueError, TypeError) as error:
        said = f"the window {name} cannot be made of {size} samples: {error}"
        remedy = f"{key}=hann, or {name} with the parameters that scipy.signal.get_window takes"
        raise Refused(said, key, remedy) from error
    if not np.isfinite(values).all() or not values.any():
        said = f"the window {[name, *parameters]} has no weight in {size} samples"
        raise Refused(said, key, f"{key}=hann")
    return torch.from_numpy(values).double()


def _transform(window: Tensor) -> Tensor:
    """The matrix `(size, 2 * bins)` of detrending, windowing and transforming; real parts first."""
    size = len(window)
    phase = torch.arange(size)[:, None] * torch.arange(size // 2 + 1) % size
    angle = phase.to(torch.float64) * (-2 * math.pi / size)
    detrend = torch.eye(size, dtype=torch.float64) - 1 / size
    parts = [detrend @ (window[:, None] * wave(angle)) for wave in (torch.cos, torch.sin)]
    return torch.cat(parts, dim=1)


def hop_of(size: int, noverlap_ratio: float) -> int:
    """Samples from one segment of `size` to the next, which repeats a share of it."""
    if not 0 <= noverlap_ratio < 1:
        fault = f"encoder.noverlap_ratio is {noverlap_ratio}, must be at least 0 and below 1"
        raise Refused(fault, "encoder.noverlap_ratio", "encoder.noverlap_ratio=0.5")
    return size - int(size * noverlap_ratio)


def centres(frames: int, size: int, hop: int, sampling_rate: float) -> Tensor:
    """Centres `(segment,)` of segments in s from the record's start."""
    return (torch.arange(frames) * hop + size / 2) / sampling_rate


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


def minmax(x: Tensor, frames: Tensor) -> Tensor:
    """Each record `(batch, channel, frequency, frame)` from 0 to 1, over all channels jointly.

    The lowest and the highest of its valid frames count; a record that is flat becomes 0.
    """
    beyond = ~valid(frames, x.shape[-1])[:, None, None]
    low = x.masked_fill(beyond, math.inf).amin((1, 2, 3), keepdim=True)
    spread = x.masked_fill(beyond, -math.inf).amax((1, 2, 3), keepdim=True) - low
    return ((x - low) / spread.masked_fill(spread == 0, 1.0)).clamp(0, 1)


def bins_hz(size: int, sampling_rate: float) -> Tensor:
    """The frequencies `(bin,)` (Hz) of a segment's bins, from 0 up to half the sampling rate."""
    return torch.arange(size // 2 + 1) * (sampling_rate / size)
