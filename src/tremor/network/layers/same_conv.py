"""Convolutions that keep the number of steps, for kernels of any length."""

from __future__ import annotations

from torch import Tensor, nn


class SameConv1d(nn.Conv1d):
    """`(batch, feature, step)` to as many steps; an even kernel looks one step further ahead.

    Zeros before and behind, `(kernel - 1) // 2` and `kernel // 2` of them, as TensorFlow has it.
    An even kernel gives one step too many at the front, which is dropped: that copies no input.
    """

    def __init__(self, features: int, out: int, kernel: int):
        super().__init__(features, out, kernel, padding=kernel // 2)
        self.surplus = 1 - kernel % 2

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x)[..., self.surplus :]
