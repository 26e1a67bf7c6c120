"""Each step by itself to so many numbers: what pretraining predicts."""

from __future__ import annotations

from torch import Tensor, nn

from tremor.network.demands import not_below, steps_of


class PerStep(nn.Module):
    """`(batch, feature, step)` to `(batch, size, step)`, one linear map for all steps."""

    def __init__(self, in_shape: tuple[int, ...], size: int = 256):
        super().__init__()
        features, steps = steps_of(in_shape, "per_step", "model")
        not_below("decoder", size=size)
        self.linear = nn.Linear(features, size)
        self.out_shape = (size, steps)

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        return self.linear(x.transpose(1, 2)).transpose(1, 2)  # type: ignore[no-any-return]
