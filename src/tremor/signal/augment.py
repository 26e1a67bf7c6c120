"""Random changes of whole batches of waveforms, on their device.

Randomness is torch's own, which the run seeds anew at each epoch, so that a resumed run repeats it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tremor.signal.masks import valid


class NoAugment(nn.Module):
    """Leaves records as they are."""

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        return x


class WaveformAugment(nn.Module):
    """Shift, stretch, scale and noise, each with its own probability for each record.

    Shift is a share of the record (circular when `wrap`, else padded with zeros); stretch really
    changes the time axis: a rate of 1.05 makes the record 5 % slower, cut or padded at its end.
    """

    def __init__(
        self,
        shift_p: float = 0.5,
        max_shift: float = 0.1,
        wrap: bool = False,
        stretch_p: float = 0.3,
        stretch: tuple[float, float] = (0.95, 1.05),
        scale_p: float = 0.3,
        scale: tuple[float, float] = (0.9, 1.1),
        noise_p: float = 0.5,
        snr_db: tuple[float, float] = (15.0, 40.0),
    ):
        super().__init__()
        self.shift_p, self.max_shift, self.wrap = shift_p, max_shift, wrap
        self.stretch_p, self.stretch = stretch_p, stretch
        self.scale_p, self.scale = scale_p, scale
        self.noise_p, self.snr_db = noise_p, snr_db

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        """`(batch, channel, time)` changed; samples past `length` stay zero."""
        batch = len(x)
        reach = self.max_shift * length
        moved = _chosen(batch, self.shift_p, x.device)
        shift = torch.where(moved, _uniform(batch, (-1.0, 1.0), x.device) * reach, 0.0).round()
        slowed = _chosen(batch, self.stretch_p, x.device)
        rate = torch.where(slowed, _uniform(batch, self.stretch, x.device), 1.0)
        x = warp(x, length, shift, rate, wrap=self.wrap)
        scaled = _chosen(batch, self.scale_p, x.device)
        gain = torch.where(scaled, _uniform(batch, self.scale, x.device), 1.0)
        noisy = _chosen(batch, self.noise_p, x.device)
        return add_noise(x * gain[:, None, None], length, noisy, self.snr_db)


def warp(x: Tensor, length: Tensor, shift: Tensor, rate: Tensor, *, wrap: bool) -> Tensor:
    """Each record at the times `(t - shift) / rate`, by linear interpolation.

    `shift` in samples and `rate` are `(batch,)`; only the records that move are touched.
    """
    rows = torch.nonzero((shift != 0) | (rate != 1.0)).squeeze(-1)
    if not len(rows):
        return x
    time = torch.arange(x.shape[-1], device=x.device, dtype=x.dtype)
    at = (time - shift[rows, None]) / rate[rows, None]
    last = length[rows, None].to(x.dtype)
    at = at % last if wrap else at
    inside = (at >= 0) & (at <= last - 1 + (1 if wrap else 0)) & (time < last)
    low = at.floor().clamp(min=0)
    low = torch.minimum(low, last - 1).long()
    high = (low + 1) % last.long() if wrap else torch.minimum(low + 1, last.long() - 1)
    share = ((at - low) * inside).unsqueeze(1).to(x.dtype)
    part = x[rows]
    lower, upper = (part.gather(-1, i[:, None].expand_as(part)) for i in (low, high))
    return x.index_copy(0, rows, torch.lerp(lower, upper, share) * inside[:, None])


def add_noise(x: Tensor, length: Tensor, rows: Tensor, snr_db: tuple[float, float]) -> Tensor:
    """White noise on the chosen `rows (batch,)`, at a signal-to-noise ratio drawn from `snr_db`.

    The power of the signal is the mean over all channels and valid samples.
    """
    at = torch.nonzero(rows).squeeze(-1)
    part, mask = x[at], valid(length[at], x.shape[-1])[:, None]
    power = part.square().sum((1, 2)) / (length[at] * x.shape[1])
    snr = _uniform(len(at), snr_db, x.device)
    sigma = (power * 10 ** (-snr / 10)).sqrt()[:, None, None]
    return x.index_add(0, at, torch.randn_like(part) * sigma * mask)


def _chosen(batch: int, p: float, device: torch.device) -> Tensor:
    return torch.rand(batch, device=device) < p


def _uniform(batch: int, bounds: tuple[float, float], device: torch.device) -> Tensor:
    low, high = bounds
    return low + (high - low) * torch.rand(batch, device=device)
