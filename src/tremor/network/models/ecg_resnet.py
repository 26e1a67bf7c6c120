"""The residual 1-D CNN that time series are classified with, 12-lead ECGs among them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import relu

from tremor.network.demands import not_below, share, steps_of
from tremor.network.layers.masked_norm import MaskedBatchNorm
from tremor.network.layers.same_conv import SameConv1d
from tremor.signal.masks import kept


class Block(nn.Module):
    """A convolution a kernel, each with batch norm, and a shortcut that is normed as well.

    The shortcut is the input itself, or a convolution over one step where the width changes.
    """

    def __init__(
        self, features: int, out: int, kernels: Sequence[int], eps: float, momentum: float
    ):
        super().__init__()
        sizes = [features, *[out] * len(kernels)]
        self.convs = nn.ModuleList(
            SameConv1d(a, b, kernel)
            for (a, b), kernel in zip(pairwise(sizes), kernels, strict=True)
        )
        self.norms = nn.ModuleList(MaskedBatchNorm(out, eps, momentum) for _ in kernels)
        self.short = nn.Identity() if features == out else SameConv1d(features, out, 1)
        self.short_norm = MaskedBatchNorm(out, eps, momentum)

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        """Features `(batch, out, step)`, zeros beyond the length of a record as those of `x`."""
        inner = x
        for place, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            inner = norm(conv(relu(inner) if place else inner), length)
        return relu(inner + self.short_norm(self.short(x), length))


class ECGResNet(nn.Module):
    """`(batch, lead, step)` to `(batch, widths[-1], step)`: a residual block a width.

    A step sees `sum(kernels) - len(kernels)` neighbours a block and nothing beyond. `eps` and
    `momentum` are those of the batch norms (Keras's momentum of 0.99 is 0.01 here).
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        widths: tuple[int, ...] = (64, 128, 128),
        kernels: tuple[int, ...] = (8, 5, 3),
        eps: float = 1e-3,
        momentum: float = 0.01,
    ):
        super().__init__()
        features, steps = steps_of(in_shape, "ecg_resnet")
        not_below("model", widths=widths, kernels=kernels)
        not_below("model", 0.0, eps=eps)
        share("model.momentum", momentum)
        self.blocks = nn.ModuleList(
            Block(a, b, kernels, eps, momentum) for a, b in pairwise([features, *widths])
        )
        self.out_shape = (widths[-1], steps)

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        x = kept(x, length)
        for block in self.blocks:
            x = block(x, length)
        return x, length
