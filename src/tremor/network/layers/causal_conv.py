"""Convolution along the steps, looking back only, and its activation."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.functional import conv1d, pad, silu


class CausalConv(nn.Module):
    """Each feature convolved over the last `kernel` steps, then SiLU: `(batch, step, feature)`."""

    def __init__(self, features: int, kernel: int):
        super().__init__()
        self.conv = nn.Conv1d(features, features, kernel, groups=features)

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self.conv.weight, self.conv.bias
        if x.device.type == "cpu" and not torch.compiler.is_compiling():
            return ConvSiLU.apply(x, weight[:, 0], bias)  # type: ignore[no-any-return, no-untyped-call]
        whole = pad(x.transpose(1, 2), (weight.shape[-1] - 1, 0))
        return silu(conv1d(whole, weight, bias, groups=len(weight)).transpose(1, 2))


class ConvSiLU(torch.autograd.Function):
    """`x (batch, step, feature)`, `weight (feature, kernel)`: record by record, in the cache.

    Features stay innermost, so that nothing is turned around; sums are at least float32.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        before, out = x.new_empty(x.shape), x.new_empty(x.shape)
        taps = weight.T.flip(0).contiguous()
        for own, total, said in zip(x, before, out, strict=True):
            same = total.dtype == torch.promote_types(x.dtype, taps.dtype)
            summed = total if same else taps.new_empty(total.shape)
            torch.addcmul(bias, own, taps[0], out=summed)
            for back in range(1, min(len(taps), len(own))):
                summed[back:].addcmul_(own[:-back], taps[back])
            if not same:
                total.copy_(summed)
            said.copy_(silu(summed))
        ctx.save_for_backward(x, weight, before)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor, ...]:
        x, weight, before = ctx.saved_tensors
        taps = weight.T.flip(0).contiguous()
        d_x, d_taps, d_bias = (
            x.new_empty(x.shape),
            torch.zeros_like(taps),
            taps.new_zeros(len(weight)),
        )
        dtype = torch.promote_types(x.dtype, taps.dtype)
        for own, total, d_said, d_own in zip(x, before, d_out, d_x, strict=True):
            d_total = torch.ops.aten.silu_backward(d_said.to(dtype), total.to(dtype))
            d_bias += d_total.sum(0)
            d_here = d_total * taps[0]
            d_taps[0] += (d_total * own).sum(0)
            for back in range(1, min(len(taps), len(own))):
                d_here[:-back].addcmul_(d_total[back:], taps[back])
                d_taps[back] += (d_total[back:] * own[:-back]).sum(0)
            d_own.copy_(d_here)
        return d_x, d_taps.flip(0).T, d_bias
