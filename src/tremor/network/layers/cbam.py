"""Attention that weighs the features of a map, and then its cells (CBAM, Woo et al. 2018)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class CBAM(nn.Module):
    """`(batch, feature, height, width)` weighed by feature, then by cell, by what is in it.

    As published, but for its start: each weight is twice a sigmoid, from 0 to 2, and is 1 until
    something is learned, so that a pretrained network starts as it was.
    """

    def __init__(self, features: int, reduction: int = 16, kernel: int = 7):
        super().__init__()
        self.by_feature = FeatureAttention(features, reduction)
        self.by_cell = CellAttention(kernel)

    def forward(self, x: Tensor) -> Tensor:
        return self.by_cell(self.by_feature(x))  # type: ignore[no-any-return]


class FeatureAttention(nn.Module):
    """Each feature times a weight from 0 to 2 that its mean and its largest value decide.

    From `(batch, feature, …, …)` to the same shape.

    One map for both, over `features / reduction` in between, at least one.
    """

    def __init__(self, features: int, reduction: int):
        super().__init__()
        between = max(1, features // reduction)
        self.shared = nn.Sequential(
            nn.Conv2d(features, between, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(between, features, 1, bias=False),
        )
        nn.init.zeros_(self.shared[2].weight)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        mean, most = x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
        return x * (2 * torch.sigmoid(self.shared(mean) + self.shared(most)))


class CellAttention(nn.Module):
    """Each cell times a weight from 0 to 2 that the features around it decide: mean and largest."""

    def __init__(self, kernel: int):
        super().__init__()
        self.around = nn.Conv2d(2, 1, kernel, padding=kernel // 2)
        nn.init.zeros_(self.around.weight)
        nn.init.zeros_(self.around.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        seen = torch.cat([x.mean(1, keepdim=True), x.amax(1, keepdim=True)], 1)
        return x * (2 * torch.sigmoid(self.around(seen)))
