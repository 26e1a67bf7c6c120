"""A residual 1-D CNN: the plain baseline that any larger network has to beat."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import relu

from tremor.errors import Refused
from tremor.network.demands import not_below, share, steps_of
from tremor.network.layers.masked_norm import MaskedBatchNorm
from tremor.signal.masks import valid


class Block(nn.Module):
    """Two convolutions of `(batch, feature, step)` and a shortcut, at every `stride`-th step."""

    def __init__(self, features: int, out: int, kernel: int, stride: int, dropout: float):
        super().__init__()
        self.first = nn.Conv1d(features, out, kernel, stride, padding=kernel // 2, bias=False)
        self.second = nn.Conv1d(out, out, kernel, padding=kernel // 2, bias=False)
        self.norms = nn.ModuleList(MaskedBatchNorm(out) for _ in range(3))
        self.short = nn.Conv1d(features, out, 1, stride, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.stride = stride

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        length = -(-length // self.stride)
        inner = relu(self.norms[0](self.first(x), length))
        inner = self.dropout(inner * valid(length, inner.shape[-1])[:, None])
        inner = self.norms[1](self.second(inner), length)
        out = relu(inner + self.norms[2](self.short(x), length))
        return out * valid(length, out.shape[-1])[:, None], length


class CNN1D(nn.Module):
    """`(batch, feature, step)` to `(batch, widths[-1], step')`: a residual block a width."""

    def __init__(
        self,
        in_shape: tuple[int, ...],
        widths: tuple[int, ...] = (32, 64, 128, 128, 256),
        kernel: int = 9,
        stride: int = 2,
        dropout: float = 0.1,
    ):
        super().__init__()
        features, steps = steps_of(in_shape, "cnn1d")
        not_below("model", widths=widths, kernel=kernel, stride=stride)
        if kernel % 2 == 0:
            fault = f"model.kernel is {kernel}, must be odd"
            raise Refused(fault, "model.kernel", f"model.kernel={kernel + 1}")
        share("model.dropout", dropout)
        sizes = [features, *widths]
        self.blocks = nn.ModuleList(
            Block(a, b, kernel, stride, dropout) for a, b in pairwise(sizes)
        )
        for _ in widths:
            steps = -(-steps // stride)
        self.out_shape = (widths[-1], steps)

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        for block in self.blocks:
            x, length = block(x, length)
        return x, length
