"""What a memory says: normed within heads, joined with its input, and gated."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import layer_norm, silu

from tremor.network.layers.rows import rows

EPS = 1e-5


def gated(heard: Tensor, mixed: Tensor, z: Tensor, norm: Tensor, skip: Tensor) -> Tensor:
    """`(layer_norm(heard) * norm + skip * mixed) * silu(z)`.

    `heard (batch, step, head, size)`, `mixed` and `z (batch, step, feature)`, the rest `(feature)`.
    """
    if heard.device.type == "cpu" and not torch.compiler.is_compiling():
        return Gated.apply(heard, mixed, z, norm, skip)  # type: ignore[no-any-return, no-untyped-call]
    level = layer_norm(heard, heard.shape[-1:], eps=EPS).flatten(2) * norm
    return (level + skip * mixed) * silu(z)


class Gated(torch.autograd.Function):
    """Both passes by a few steps at a time; only what came in is kept for the backward pass."""

    @staticmethod
    def forward(
        ctx: Any, heard: Tensor, mixed: Tensor, z: Tensor, norm: Tensor, skip: Tensor
    ) -> Tensor:
        out = mixed.new_empty(mixed.shape)
        for h, m, gate, said in rows(mixed.shape[-1], heard, mixed, z, out):
            level = layer_norm(h, h.shape[-1:], eps=EPS).flatten(1)
            torch.mul(torch.addcmul(m * skip, level, norm), silu(gate), out=said)
        ctx.save_for_backward(heard, mixed, z, norm, skip)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor, ...]:
        heard, mixed, z, norm, skip = ctx.saved_tensors
        new = (heard.new_empty(heard.shape), mixed.new_empty(mixed.shape), z.new_empty(z.shape))
        d_norm, d_skip = torch.zeros_like(norm), torch.zeros_like(skip)
        for h, m, gate, d_said, d_h, d_m, d_gate in rows(
            mixed.shape[-1], heard, mixed, z, d_out, *new
        ):
            level, mean, rstd = torch.native_layer_norm(h, h.shape[-1:], None, None, EPS)
            flat = level.flatten(1)
            joined = torch.addcmul(m * skip, flat, norm)
            d_gate.copy_(torch.ops.aten.silu_backward(joined.mul_(d_said), gate.to(joined.dtype)))
            d_joined = silu(gate) * d_said
            torch.mul(d_joined, skip, out=d_m)
            d_skip += (d_joined * m).sum(0)
            d_norm += flat.mul_(d_joined).sum(0)
            d_level = d_joined.mul_(norm).unflatten(1, h.shape[1:])
            asked = [True, False, False]
            d_h.copy_(
                torch.ops.aten.native_layer_norm_backward(
                    d_level, h, h.shape[-1:], mean, rstd, None, None, asked
                )[0]
            )
        return *new, d_norm, d_skip
