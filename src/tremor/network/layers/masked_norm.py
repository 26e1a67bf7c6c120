"""Batch norm over what is signal, so that padding does not dilute it."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import batch_norm
from torch.nn.modules.batchnorm import _NormBase

from tremor.signal.masks import valid


class MaskedBatchNorm(_NormBase):
    """Batch norm of `(batch, feature, step)` over the valid steps; padding comes out as zeros.

    Its statistics are those of one process: `SyncBatchNorm`, which knows no lengths, would replace
    any `BatchNorm1d`, and so this is none, though its weights have the same names.
    """

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        if bool((length >= x.shape[-1]).all()):
            return self._normed(x)
        mask = valid(length, x.shape[-1])
        out = torch.zeros_like(x).transpose(1, 2)
        out[mask] = self._normed(x.transpose(1, 2)[mask]).to(out.dtype)
        return out.transpose(1, 2)

    def _normed(self, x: Tensor) -> Tensor:
        """As `BatchNorm1d` does it: by the batch while training, by what was seen afterwards."""
        if self.training:
            self.num_batches_tracked.add_(1)  # type: ignore[union-attr]
        known = (self.running_mean, self.running_var, self.weight, self.bias)
        return batch_norm(x, *known, self.training, self.momentum, self.eps)  # type: ignore[arg-type]
