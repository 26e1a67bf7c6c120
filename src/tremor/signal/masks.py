"""Which samples of a padded batch are signal."""

from __future__ import annotations

import torch
from torch import Tensor


def valid(length: Tensor, steps: int) -> Tensor:
    """True where a step lies inside the record: `(batch, steps)` from `length (batch,)`."""
    return torch.arange(steps, device=length.device) < length[:, None]


def kept(x: Tensor, length: Tensor) -> Tensor:
    """Zeros beyond the length of each record `(batch, feature, step)`; costs nothing if none is."""
    if bool((length >= x.shape[-1]).all()):
        return x
    return x * valid(length, x.shape[-1])[:, None]


def masked_mean(x: Tensor, length: Tensor) -> Tensor:
    """Mean over the valid steps: `(batch, feature, step)` to `(batch, feature)`."""
    mask = valid(length, x.shape[-1])[:, None].to(x.dtype)
    return (x * mask).sum(-1) / length.clamp(min=1)[:, None].to(x.dtype)


def last_step(x: Tensor, length: Tensor) -> Tensor:
    """The last valid step: `(batch, feature, step)` to `(batch, feature)`."""
    index = (length.clamp(min=1) - 1)[:, None, None].expand(-1, x.shape[1], 1)
    return x.gather(-1, index).squeeze(-1)
