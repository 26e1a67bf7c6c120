"""Amplitude norms of `(batch, channel, time)`, over the valid samples of each record.

Over each channel by itself, or over the record as a whole, which keeps the levels of its channels
relative to each other.

Chosen by `dataset.amp_norm_type`. A dead (constant) channel comes out as zeros, padding stays zero.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.signal.masks import valid

ROUNDINGS = 8
Over = Literal["channel", "record"]
AXES: dict[str, tuple[int, ...]] = {"channel": (-1,), "record": (-2, -1)}


def std(x: Tensor, length: Tensor, over: Over = "channel", demean: bool = True) -> Tensor:
    """Divide by the standard deviation (about the mean, which goes if `demean`)."""
    centred, mask = _demeaned(x, length)
    axes = AXES[over]
    power = centred.square().sum(axes, keepdim=True)
    share = _count(mask) * (x.shape[1] if over == "record" else 1)
    return _divided(centred if demean else x * mask, (power / share).sqrt(), x, axes)


def peak(x: Tensor, length: Tensor, over: Over = "channel", demean: bool = True) -> Tensor:
    """Divide by the largest absolute value (of what is left without the mean, if `demean`)."""
    centred, mask = _demeaned(x, length)
    shown = centred if demean else x * mask
    return _divided(shown, shown.abs().amax(AXES[over], keepdim=True), x, AXES[over])


def none(x: Tensor, length: Tensor, over: Over = "channel", demean: bool = True) -> Tensor:
    """The level stays; without the mean of each channel if `demean`."""
    if over != "channel":
        raise Refused(
            "amp_norm_type=none scales nothing, so nothing can be scaled as a whole",
            "dataset.amp_norm_over",
            "dataset.amp_norm_over=channel",
        )
    centred, mask = _demeaned(x, length)
    return centred if demean else x * mask


def _count(mask: Tensor) -> Tensor:
    return mask.sum(-1, keepdim=True).clamp(min=1)


def _demeaned(x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
    mask = valid(length, x.shape[-1])[:, None].to(x.dtype)
    mean = (x * mask).sum(-1, keepdim=True) / _count(mask)
    return (x - mean) * mask, mask


def _divided(centred: Tensor, by: Tensor, original: Tensor, axes: tuple[int, ...]) -> Tensor:
    """Divide, except where what is left after demeaning is only rounding."""
    rounding = ROUNDINGS * torch.finfo(original.dtype).eps
    dead = by <= rounding * original.abs().amax(axes, keepdim=True)
    return torch.where(dead, torch.zeros_like(centred), centred / by.masked_fill(dead, 1.0))
