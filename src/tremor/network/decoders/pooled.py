"""Pool the steps, then one linear layer."""

from __future__ import annotations

import math
from typing import Literal

from torch import Tensor, nn

from tremor.network.demands import share
from tremor.signal.masks import last_step, masked_mean

POOLS = {"last": last_step, "mean": masked_mean}
"""How the valid steps of `(batch, feature, step)` become one, by the name of `pool`."""


class PooledLinear(nn.Module):
    """`(batch, …, step)` to logits `(batch, num_classes)`.

    `pool="last"` takes the last valid step (the end state of a recurrent model), `"mean"` the mean
    over valid steps; `norm` puts a batch norm before dropout and the linear layer.
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        num_classes: int,
        pool: Literal["last", "mean"] = "mean",
        norm: bool = False,
        dropout: float = 0.0,
    ):
        super().__init__()
        share("decoder.dropout", dropout)
        features = math.prod(in_shape[:-1])
        self.pool = POOLS[pool]
        self.norm = nn.BatchNorm1d(features) if norm else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(features, num_classes)

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        pooled = self.pool(x.flatten(1, -2), length)
        return self.linear(self.dropout(self.norm(pooled)))  # type: ignore[no-any-return]
