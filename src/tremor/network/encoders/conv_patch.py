"""Strided convolutions: a few samples become one step."""

from __future__ import annotations

import math
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu

from tremor.network.demands import not_below
from tremor.signal.masks import valid


class ConvPatch(nn.Module):
    """`(batch, channel, time)` to `(batch, d_model, step)`, `prod(strides)` samples a step.

    Each layer convolves, norms over its features, and bends (GELU); a last norm and a linear map
    give `d_model` features. Padding is zeros before every layer, as beyond the ends of a record.
    """

    def __init__(
        self,
        channels: int,
        length: int,
        sampling_rate: float,
        d_model: int = 128,
        width: int = 256,
        strides: tuple[int, ...] = (2, 2),
    ):
        super().__init__()
        not_below("encoder", d_model=d_model, width=width, strides=strides)
        sizes = [channels, *[width] * len(strides)]
        self.convs = nn.ModuleList(
            nn.Conv1d(a, b, 2 * stride - 1, stride, padding=stride - 1)
            for (a, b), stride in zip(pairwise(sizes), strides, strict=True)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in strides)
        self.last = nn.LayerNorm(width)
        self.linear = nn.Linear(width, d_model)
        self.strides = tuple(strides)
        self.samples = math.prod(strides)
        steps = -(-length // self.samples)
        self.out_shape = (d_model, steps)
        self.times = torch.arange(steps) * self.samples / sampling_rate

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Features of each step, and the number of valid steps."""
        for conv, norm, stride in zip(self.convs, self.norms, self.strides, strict=True):
            x = gelu(norm(conv(x).transpose(1, 2)))
            length = -(-length // stride)
            x = (x * valid(length, x.shape[1])[..., None]).transpose(1, 2)
        steps = self.linear(self.last(x.transpose(1, 2)))
        return (steps * valid(length, steps.shape[1])[..., None]).transpose(1, 2), length

    def coordinates(self) -> dict[str, Tensor]:
        """Centres of the steps (s from the record's start)."""
        return {"time": self.times}
