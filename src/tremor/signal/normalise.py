"""Amplitude norms of `(batch, channel, time)`, over the valid samples of each record.

Over each channel by itself, or over the record as a whole, which keeps the levels of its channels
relative to each other. `demean` takes the mean of each channel away, that of the record, or none.

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
Demean = Literal["channel", "record", "none"]
AXES: dict[str, tuple[int, ...]] = {"channel": (-1,), "record": (-2, -1)}


def std(x: Tensor, length: Tensor, over: Over = "channel", demean: Demean = "channel") -> Tensor:
    """Divide `(batch, channel, time)` by the standard deviation about the mean of each channel."""
    mask = _mask(x, length)
    spread = _mean(_centred(x, mask, "channel").square(), mask, over).sqrt()
    return _divided(_live(x, mask, demean), spread)


def peak(x: Tensor, length: Tensor, over: Over = "channel", demean: Demean = "channel") -> Tensor:
    """Divide `(batch, channel, time)` by the largest absolute value of what demeaning leaves."""
    shown = _live(x, _mask(x, length), demean)
    return _divided(shown, shown.abs().amax(AXES[over], keepdim=True))


def none(x: Tensor, length: Tensor, over: Over = "channel", demean: Demean = "channel") -> Tensor:
    """The level of `(batch, channel, time)` stays, but for the mean that demeaning takes away."""
    if over != "channel":
        raise Refused(
            "amp_norm_type=none scales nothing, so nothing can be scaled as a whole",
            "dataset.amp_norm_over",
            "dataset.amp_norm_over=channel",
        )
    return _shown(x, _mask(x, length), demean)


def _mask(x: Tensor, length: Tensor) -> Tensor:
    """1 where a sample is valid: `(batch, 1, time)`."""
    return valid(length, x.shape[-1])[:, None].to(x.dtype)


def _mean(x: Tensor, mask: Tensor, over: Over) -> Tensor:
    """The mean of the valid samples of each channel, or of the record; padding of `x` is zero."""
    count = mask.expand_as(x).sum(AXES[over], keepdim=True).clamp(min=1)
    return x.sum(AXES[over], keepdim=True) / count


def _centred(x: Tensor, mask: Tensor, over: Over) -> Tensor:
    return (x - _mean(x * mask, mask, over)) * mask


def _shown(x: Tensor, mask: Tensor, demean: Demean) -> Tensor:
    """What demeaning leaves: without the mean of each channel, of the record, or as it is."""
    return x * mask if demean == "none" else _centred(x, mask, demean)


def _live(x: Tensor, mask: Tensor, demean: Demean) -> Tensor:
    """The same, and zeros in channels that are dead: about their mean, only rounding is left."""
    left = _centred(x, mask, "channel").abs().amax(-1, keepdim=True)
    rounding = ROUNDINGS * torch.finfo(x.dtype).eps
    return _shown(x, mask, demean).masked_fill(left <= rounding * x.abs().amax(-1, keepdim=True), 0)


def _divided(shown: Tensor, by: Tensor) -> Tensor:
    """Divide, where there is something to divide by."""
    return shown / by.masked_fill(by == 0, 1.0)
