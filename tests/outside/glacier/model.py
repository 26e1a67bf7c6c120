"""The smallest model: one convolution."""

from __future__ import annotations

from torch import Tensor, nn

from tremor.signal.masks import valid


class OneLayer(nn.Module):
    """`(batch, feature, step)` to `(batch, width, step')`, a step' for every `stride` steps."""

    def __init__(self, in_shape: tuple[int, ...], width: int = 8, stride: int = 4):
        super().__init__()
        features, steps = in_shape
        self.stride = stride
        self.layer = nn.Conv1d(features, width, 9, stride, padding=4)
        self.out_shape = (width, -(-steps // stride))

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Features and how many of their steps are signal; what lies beyond is zero."""
        length = -(-length // self.stride)
        features = self.layer(x).relu()
        return features * valid(length, features.shape[-1])[:, None], length
