"""Each step by itself to so many numbers: what pretraining predicts."""

from __future__ import annotations

from torch import Tensor, nn


class PerStep(nn.Module):
    """`(batch, feature, step)` to `(batch, size, step)`, one linear map for all steps."""

    def __init__(self, in_shape: tuple[int, ...], size: int = 256):
        super().__init__()
        self.linear = nn.Linear(in_shape[0], size)
        self.out_shape = (size, in_shape[-1])

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        return self.linear(x.transpose(1, 2)).transpose(1, 2)  # type: ignore[no-any-return]
