"""Convolutions of each feature by itself, with a backward pass that is quick on CPUs.

torch's gradient of such weights takes several times as long as the whole pass forward, and longer
in bfloat16 than in float32. It is a convolution itself: each record's map, with the gradient of
what came of it as the kernel. Written like that, it runs as quickly as any other.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import conv2d

DTYPES = (torch.float32, torch.bfloat16)
QUICK = 3  # the largest kernel for which torch has a quick gradient


class DepthwiseConv(nn.Conv2d):
    """A depthwise `nn.Conv2d` of stride 1 that keeps the size of `(batch, feature, height, width)`.

    Same weights, same names, same results; other gradients' way on a CPU in float32 and bfloat16.
    """

    def forward(self, x: Tensor) -> Tensor:
        mixed = torch.is_autocast_enabled("cpu") and x.dtype in DTYPES
        dtype = torch.get_autocast_dtype("cpu") if mixed else x.dtype
        if dtype not in DTYPES or not (mixed or x.dtype == self.weight.dtype) or not self._gains(x):
            return super().forward(x)
        return Depthwise.apply(x.to(dtype), self.weight, self.bias)  # type: ignore[no-any-return, no-untyped-call]

    def _gains(self, x: Tensor) -> bool:
        """Whether these weights are to get gradients, where that is worth another way."""
        learns = torch.is_grad_enabled() and self.weight.requires_grad
        here = x.device.type == "cpu" and x.ndim == 4 and x.numel() > 0
        return learns and here and not torch.compiler.is_compiling() and _wide_vectors()


class Depthwise(torch.autograd.Function):
    """`x (batch, feature, height, width)`, `weight (feature, 1, odd, odd)`, `bias (feature)`.

    Computed in the precision of `x`; gradients of weights are summed over records in that of them.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _same(x, weight, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        for_x, for_weight, for_bias = ctx.needs_input_grad
        d_x = _same(d_out, weight.flip(2, 3), None) if for_x else None
        d_weight = _weighed(x, d_out, weight) if for_weight else None
        d_bias = d_out.sum((0, 2, 3), dtype=weight.dtype) if for_bias else None
        return d_x, d_weight, d_bias


def mend(net: nn.Module) -> int:
    """Make each depthwise convolution that can be a `DepthwiseConv`; says how many there are.

    They stay the same objects: names, weights, hooks and references to them are not touched.
    """
    found = [conv for conv in net.modules() if type(conv) is nn.Conv2d and _fits(conv)]
    for conv in found:
        conv.__class__ = DepthwiseConv
    return len(found)


def _fits(conv: nn.Conv2d) -> bool:
    """Depthwise, of stride 1, odd and larger than 3: for those, torch's own way is quick."""
    alone = conv.groups == conv.in_channels == conv.out_channels
    steps = conv.stride == conv.dilation == (1, 1)
    halves = tuple(size // 2 for size in conv.kernel_size)
    odd = all(size % 2 for size in conv.kernel_size) and max(conv.kernel_size) > QUICK
    padded = conv.padding in ("same", halves) and conv.padding_mode == "zeros"
    return alone and steps and odd and padded


def _wide_vectors() -> bool:
    """Whether torch has its own kernels for both precisions here: without, they crawl."""
    kernels = torch.backends.mkldnn
    return bool(
        kernels.is_available() and kernels.enabled and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    )


def _same(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The convolution that keeps the size, in the precision of `x`."""
    high, wide = weight.shape[-2:]
    bias = None if bias is None else bias.to(x.dtype)
    padding = (high // 2, wide // 2)
    return conv2d(x, weight.to(x.dtype), bias, padding=padding, groups=len(weight))


def _weighed(x: Tensor, d_out: Tensor, weight: Tensor) -> Tensor:
    """The gradient of the weights: maps of all records side by side, each with its own kernel."""
    many = x.shape[0] * x.shape[1]
    maps = x.permute(2, 3, 0, 1).reshape(1, *x.shape[2:], many).permute(0, 3, 1, 2)
    kernels = d_out.flatten(2).contiguous().view(many, 1, *x.shape[2:])
    high, wide = weight.shape[-2:]
    each = conv2d(maps, kernels, padding=(high // 2, wide // 2), groups=many)
    return each.view(*x.shape[:2], high, wide).sum(0, dtype=weight.dtype)[:, None]
