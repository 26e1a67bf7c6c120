"""Several questions about each record, each with a head of its own."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

from tremor.network.decoders.heads import head, refuse_odd, sizes_of
from tremor.network.decoders.pooled import POOLS


class MultitaskDecoder(nn.Module):
    """`(batch, …, step)` to logits `(batch, classes of all heads)`, heads one after another.

    Steps are pooled as by `PooledLinear`. With `hidden=None` one linear layer gives all logits, so
    that they are linear in the features and have an exact map of them.
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        heads: dict[str, list[str]],
        pool: Literal["last", "mean"] = "mean",
        hidden: int | None = 512,
        dropout: float = 0.5,
    ):
        super().__init__()
        refuse_odd(hidden, dropout)
        features, sizes = math.prod(in_shape[:-1]), sizes_of(heads)
        self.pool = POOLS[pool]
        parts = [sum(sizes)] if hidden is None else sizes
        self.heads = nn.ModuleList(head(features, size, hidden, dropout) for size in parts)
        self.out_shape = (sum(sizes),)

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        pooled = self.pool(x.flatten(1, -2), length)
        return torch.cat([own(pooled) for own in self.heads], -1)
