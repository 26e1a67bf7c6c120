"""A small 2-D CNN on the spectrogram of one station."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.network.demands import not_below, share


class StationCNN(nn.Module):
    """`(batch, channel, frequency, frame)` to `(batch, features, 1)`.

    A 3×3 convolution with batch norm a width, all but the last followed by taking the largest of
    2×2; then everything, in its place, through one hidden layer.
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        widths: tuple[int, ...] = (32, 64, 128),
        features: int = 128,
        dropout: float = 0.1,
    ):
        super().__init__()
        if len(in_shape) != 3:
            axes = " x ".join(map(str, in_shape))
            fault = f"the encoder gives {len(in_shape)} axes ({axes}); station_cnn takes three"
            raise Refused(fault, "encoder", "encoder=spectrogram")
        not_below("model", widths=widths, features=features)
        share("model.dropout", dropout)
        channels, high, wide = in_shape
        for _ in widths[1:]:
            high, wide = high // 2, wide // 2
        if not high or not wide:
            fault = f"{len(widths)} widths halve {in_shape[1]} x {in_shape[2]} to nothing"
            raise Refused(fault, "model.widths", "model.widths=[32,64]")
        blocks: list[nn.Module] = []
        for place, (before, after) in enumerate(pairwise((channels, *widths))):
            blocks += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after)]
            blocks += [nn.MaxPool2d(2)] if place < len(widths) - 1 else []
            blocks += [nn.ReLU()]
        self.convolutions = nn.Sequential(*blocks)
        self.hidden = nn.Sequential(
            nn.Dropout(dropout), nn.Linear(widths[-1] * high * wide, features), nn.ReLU()
        )
        self.dropout = nn.Dropout(dropout)
        self.out_shape = (features, 1)

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Records of one length only: every frame has its own weights."""
        seen = self.convolutions(x).flatten(1)
        out = self.dropout(self.hidden(seen))
        return out[..., None], torch.ones_like(length)
