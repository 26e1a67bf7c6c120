"""Batch norm over what is signal, so that padding does not dilute it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tremor.signal.masks import valid


class MaskedBatchNorm(nn.BatchNorm1d):
    """Batch norm of `(batch, feature, step)` over the valid steps; padding comes out as zeros."""

    def forward(self, x: Tensor, length: Tensor) -> Tensor:  # type: ignore[override]
        mask = valid(length, x.shape[-1])
        if bool(mask.all()):
            return super().forward(x)
        out = torch.zeros_like(x).transpose(1, 2)
        out[mask] = super().forward(x.transpose(1, 2)[mask]).to(out.dtype)
        return out.transpose(1, 2)
