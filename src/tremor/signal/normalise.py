"""Amplitude norms, each record and channel by itself, over its valid samples.

Chosen by `dataset.amp_norm_type`. A dead (constant) channel comes out as zeros, padding stays zero.
"""

from __future__ import annotations

import torch
from torch import Tensor

from tremor.signal.masks import valid

ROUNDINGS = 8


def std(x: Tensor, length: Tensor) -> Tensor:
    """Demean, then divide by the standard deviation: `(batch, channel, time)`."""
    centred, mask = _demeaned(x, length)
    spread = (centred.square().sum(-1, keepdim=True) / _count(mask)).sqrt()
    return _divided(centred, spread, x)


def peak(x: Tensor, length: Tensor) -> Tensor:
    """Demean, then divide by the largest absolute value: `(batch, channel, time)`."""
    centred, _ = _demeaned(x, length)
    return _divided(centred, centred.abs().amax(-1, keepdim=True), x)


def none(x: Tensor, length: Tensor) -> Tensor:
    """Demean only; the level stays: `(batch, channel, time)`."""
    return _demeaned(x, length)[0]


def _count(mask: Tensor) -> Tensor:
    return mask.sum(-1, keepdim=True).clamp(min=1)


def _demeaned(x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
    mask = valid(length, x.shape[-1])[:, None].to(x.dtype)
    mean = (x * mask).sum(-1, keepdim=True) / _count(mask)
    return (x - mean) * mask, mask


def _divided(centred: Tensor, by: Tensor, original: Tensor) -> Tensor:
    """Divide, except where what is left after demeaning is only rounding."""
    rounding = ROUNDINGS * torch.finfo(original.dtype).eps
    dead = by <= rounding * original.abs().amax(-1, keepdim=True)
    return torch.where(dead, torch.zeros_like(centred), centred / by.masked_fill(dead, 1.0))
