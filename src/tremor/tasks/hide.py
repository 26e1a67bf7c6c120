"""Hiding steps from a network that is to say what was there."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Hide(nn.Module):
    """Puts one learned vector in the place of hidden steps: `(batch, feature, step)`."""

    def __init__(self, features: int):
        super().__init__()
        self.vector = nn.Parameter(torch.rand(features))

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        return torch.where(hidden[:, None], self.vector.to(x.dtype)[None, :, None], x)
