"""A plain 1-D CNN for 12-lead ECGs: convolve, norm, halve; no shortcuts."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn
from torch.nn.functional import max_pool1d, relu

from tremor.errors import Refused
from tremor.network.demands import not_below, share, steps_of
from tremor.network.layers.masked_norm import MaskedBatchNorm
from tremor.network.layers.same_conv import SameConv1d
from tremor.signal.masks import kept


class ECGCNN(nn.Module):
    """`(batch, lead, step)` to `(batch, widths[-1], step')`, with a kernel for each width.

    After each layer but the last, the largest of every `pool` steps is kept; steps that make no
    whole group are dropped. `eps` and `momentum` are those of the batch norms.
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        widths: tuple[int, ...] = (64, 128, 128),
        kernels: tuple[int, ...] = (7, 5, 3),
        pool: int = 2,
        eps: float = 1e-3,
        momentum: float = 0.01,
    ):
        super().__init__()
        features, steps = steps_of(in_shape, "ecg_cnn")
        not_below("model", widths=widths, kernels=kernels, pool=pool)
        not_below("model", 0.0, eps=eps)
        share("model.momentum", momentum)
        left = steps // pool ** (len(widths) - 1)
        _refuse_misfit(widths, kernels, steps, left)
        sizes = zip(pairwise([features, *widths]), kernels, strict=True)
        self.convs = nn.ModuleList(SameConv1d(a, b, kernel) for (a, b), kernel in sizes)
        self.norms = nn.ModuleList(MaskedBatchNorm(width, eps, momentum) for width in widths)
        self.pool = pool
        self.out_shape = (widths[-1], left)

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        for place, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            if place:
                x, length = max_pool1d(x, self.pool), (length // self.pool).clamp(min=1)
            x = relu(norm(conv(kept(x, length)), length))
        return x, length


def _refuse_misfit(
    widths: tuple[int, ...], kernels: tuple[int, ...], steps: int, left: int
) -> None:
    """Refuse a kernel too many or too few, and pooling that leaves no step."""
    if len(kernels) != len(widths):
        fault = f"{len(kernels)} kernels for {len(widths)} widths: each width needs one"
        mended = [*kernels, *[kernels[-1]] * len(widths)][: len(widths)]
        raise Refused(fault, "model.kernels", f"model.kernels={mended}".replace(" ", ""))
    if not left:
        fault = f"{len(widths)} widths pool {steps} steps to nothing"
        raise Refused(fault, "model.pool", "model.pool=1")
