"""The sLSTM's memory: means of what came in, with weights that what was said may change.

At each step `mean ← (1 - g) mean + g tanh(cell)`, where `g` is the share of this step's weight,
`exp(input)`, in the count of all so far, `count ← sigmoid(forget) count + exp(input)`; it says
`sigmoid(output) mean`, which is mixed into the next step's gates. The count is kept as a logarithm.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import logsigmoid

NOTHING = -1e30  # the logarithm of an empty count, finite when subtracted
OPEN = 1e30  # a forget gate that forgets nothing


@torch.compiler.disable  # type: ignore[untyped-decorator]
def scan(gates: Tensor, recurrent: Tensor, mask: Tensor | None = None) -> Tensor:
    """`gates (batch, step, head, 4 size)`, of input, forget, cell, output, to `(…, head, size)`.

    `recurrent (head, size, 4 size)` takes what was said to the next gates. Steps outside `mask`
    (before or after all others of a record) change neither mean nor count.
    """
    if mask is not None:
        taken, kept, rest = gates.tensor_split((gates.shape[-1] // 4, gates.shape[-1] // 2), -1)
        out = ~mask[..., None, None]
        closed = taken.masked_fill(out, -torch.inf), kept.masked_fill(out, OPEN)
        gates = torch.cat([*closed, rest], -1)
    return Scan.apply(gates, recurrent)  # type: ignore[no-any-return, no-untyped-call]


class Scan(torch.autograd.Function):
    """Step by step with few, small operations; what needs no loop is done for all steps at once."""

    @staticmethod
    def forward(ctx: Any, gates: Tensor, recurrent: Tensor) -> Tensor:
        raw = _by_step(gates)
        steps, *shape, size = *raw.shape[:3], raw.shape[3] // 4
        said, mean, count = (raw.new_empty(steps + 1, *shape, size) for _ in range(3))
        said[0], mean[0], count[0] = 0.0, 0.0, NOTHING
        share = raw.new_empty(steps, *shape, size)
        parts = (part.unbind(0) for part in raw.chunk(4, -1))
        states = ((*pairwise(state.unbind(0)),) for state in (said, mean, count))
        each = zip(raw.unbind(0), *parts, *states, share.unbind(0), strict=True)
        for own, taken, kept, cell, shown, (heard, says), (was, now), (many, more), part in each:
            own.baddbmm_(heard, recurrent)
            torch.logaddexp(logsigmoid(kept).add_(many), taken, out=more)
            torch.sub(taken, more, out=part).exp_()
            torch.lerp(was, cell.tanh_(), part, out=now)
            torch.mul(shown.sigmoid_(), now, out=says)
        ctx.save_for_backward(raw, recurrent, said, mean, share)
        return said[1:].permute(2, 0, 1, 3)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_said: Tensor) -> tuple[Tensor, Tensor]:
        raw, recurrent, said, mean, share = ctx.saved_tensors
        _, kept, cell, shown = raw.chunk(4, -1)
        left = 1 - share
        read = (
            _by_step(d_said),
            said[1:] * (1 - shown),
            shown,
            share * (1 - cell * cell),
            share * (cell - mean[:-1]),
            share,
            left * torch.sigmoid(-kept),
            left,
        )
        d_raw = torch.empty_like(raw)
        made = (d_raw, *d_raw.chunk(4, -1))
        carried = raw.new_zeros(2, *mean.shape[1:])
        d_count, d_mean = carried
        d_share = torch.empty_like(d_mean)
        back, later = recurrent.transpose(1, 2), None
        each = zip(*(x.unbind(0) for x in (*read, *made)), strict=True)
        for given, by_shown, show, by_cell, by_share, part, by_kept, stays, *out in [*each][::-1]:
            own, d_taken, d_kept, d_cell, d_shown = out
            heard = given if later is None else given.baddbmm_(later, back)
            torch.mul(heard, by_shown, out=d_shown)
            d_mean.addcmul_(heard, show)
            torch.mul(d_mean, by_cell, out=d_cell)
            torch.mul(d_mean, by_share, out=d_share)
            d_count.sub_(d_share)
            torch.addcmul(d_share, d_count, part, out=d_taken)
            torch.mul(d_count, by_kept, out=d_kept)
            carried.mul_(stays)
            later = own
        before = said[:-1].permute(1, 3, 0, 2).flatten(2)  # (head, size, step x batch)
        d_recurrent = before @ d_raw.transpose(0, 1).flatten(1, 2)
        return d_raw.permute(2, 0, 1, 3), d_recurrent


def _by_step(x: Tensor) -> Tensor:
    """A copy, that may be written to, as `(step, head, batch, …)`."""
    return x.permute(1, 2, 0, 3).clone(memory_format=torch.contiguous_format)
