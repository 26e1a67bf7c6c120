"""Random changes of whole batches of waveforms, on their device.

Randomness is torch's own, which the run seeds anew at each epoch, so that a resumed run repeats it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tremor.signal.masks import valid
from tremor.signal.spans import spans


class NoAugment(nn.Module):
    """Leaves records `(batch, channel, time)` as they are."""

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
        chosen, amount = torch.rand(2, 4, len(x), device=x.device)
        reach = self.max_shift * length
        shift = torch.where(chosen[0] < self.shift_p, _between(amount[0], -reach, reach), 0.0)
        rate = torch.where(chosen[1] < self.stretch_p, _between(amount[1], *self.stretch), 1.0)
        gain = torch.where(chosen[2] < self.scale_p, _between(amount[2], *self.scale), 1.0)
        snr = torch.where(chosen[3] < self.noise_p, _between(amount[3], *self.snr_db), torch.inf)
        moved = warp(x, length, shift.round(), rate, wrap=self.wrap)
        return add_noise(moved.mul_(gain[:, None, None]), length, snr)


def warp(x: Tensor, length: Tensor, shift: Tensor, rate: Tensor, *, wrap: bool) -> Tensor:
    """Each record at the times `(t - shift) / rate`, by linear interpolation.

    `shift` in whole samples and `rate` are `(batch,)`; only the records that move are touched.
    """
    moved = x.clone()
    for rows, between in (((rate == 1.0) & (shift != 0), False), (rate != 1.0, True)):
        at = torch.nonzero(rows).squeeze(-1)
        if len(at):
            read = _read_at(x[at], length[at], shift[at], rate[at], wrap=wrap, between=between)
            moved.index_copy_(0, at, read)
    return moved


def _read_at(
    x: Tensor, length: Tensor, shift: Tensor, rate: Tensor, *, wrap: bool, between: bool
) -> Tensor:
    """Records `(batch, channel, time)` at other times; `between` samples needs interpolation."""
    time = torch.arange(x.shape[-1], device=x.device, dtype=x.dtype)
    last = length[:, None].to(x.dtype)
    at = time - shift[:, None]
    at = at / rate[:, None] if between else at
    at = at % last if wrap else at
    inside = (at >= 0) & (at < last if wrap else at <= last - 1) & (time < last)
    low = (at.long() if wrap else at.clamp(min=0).long()).clamp_(max=x.shape[-1] - 1)
    lower = x.gather(-1, low[:, None].expand_as(x))
    if between:
        high = (low + 1) % length[:, None] if wrap else (low + 1).clamp_(max=x.shape[-1] - 1)
        upper = x.gather(-1, high[:, None].expand_as(x))
        lower = torch.lerp(lower, upper, (at - low)[:, None])
    return lower.mul_(inside[:, None])


def add_noise(x: Tensor, length: Tensor, snr: Tensor) -> Tensor:
    """White noise, in place, at a signal-to-noise ratio `snr (batch,)` in dB; none at infinity.

    The power of the signal is the mean over all channels and valid samples.
    """
    at = torch.nonzero(torch.isfinite(snr)).squeeze(-1)
    part, mask = x[at], valid(length[at], x.shape[-1])[:, None]
    power = part.square().sum((1, 2)) / (length[at] * x.shape[1])
    sigma = (power * 10 ** (-snr[at] / 10)).sqrt()[:, None, None]
    return x.index_add_(0, at, torch.randn_like(part).mul_(sigma * mask))


def _between(share: Tensor, low: Tensor | float, high: Tensor | float) -> Tensor:
    """A number between two bounds, at a share of the way."""
    return low + (high - low) * share


class SpecMask(nn.Module):
    """Sets spans of time to zero in all channels: the network must not lean on any one moment."""

    def __init__(self, share: float = 0.3, span: int = 40):
        super().__init__()
        self.share, self.span = share, span

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        """`(batch, channel, time)` with spans of `span` samples gone."""
        return x.masked_fill(spans(length, x.shape[-1], self.share, self.span)[:, None], 0.0)
