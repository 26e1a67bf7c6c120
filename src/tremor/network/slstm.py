"""The sLSTM's memory: means of what came in, with weights that what was said may change.

At each step `mean ← (1 - g) mean + g tanh(cell)`, where `g` is the share of this step's weight,
`exp(input)`, in the count of all so far, `count ← sigmoid(forget) count + exp(input)`; it says
`sigmoid(output) mean`, which is mixed into the next step's gates. The count is kept as a logarithm.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import logsigmoid

from tremor.network.mlstm.scales import NEVER

OPEN = 1e30  # a forget gate that forgets nothing
BLOCK = 64  # steps


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
    """Step by step with few, small operations; the rest for a block of steps at once."""

    @staticmethod
    def forward(ctx: Any, gates: Tensor, recurrent: Tensor) -> Tensor:
        raw = _by_step(gates)
        steps, *shape, size = *raw.shape[:3], raw.shape[3] // 4
        said, mean, count = (raw.new_empty(steps + 1, *shape, size) for _ in range(3))
        said[0], mean[0], count[0] = 0.0, 0.0, NEVER
        share = raw.new_empty(steps, *shape, size)
        states = (part for state in (said, mean, count) for part in (state[:-1], state[1:]))
        for block in _blocks(raw, *states, share):
            for own, heard, says, was, now, many, more, part in _steps(*block):
                own.baddbmm_(heard, recurrent)
                taken, kept, cell, shown = own.chunk(4, -1)
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
        d_raw, given = torch.empty_like(raw), _by_step(d_said)
        carried = raw.new_zeros(2, *mean.shape[1:])  # gradients of count and mean
        d_count, d_mean = carried
        d_share = torch.empty_like(d_mean)
        back, later = recurrent.transpose(1, 2), None
        blocks = [*_blocks(raw, said[1:], mean[:-1], share, given, d_raw)]
        for block in reversed(blocks):
            steps = [*_steps(*_slopes(*block[:4]), *block[4:])]
            for shown, by_shown, by_cell, by_share, by_kept, part, left, heard, own in steps[::-1]:
                d_taken, d_kept, d_cell, d_shown = own.chunk(4, -1)
                if later is not None:
                    heard.baddbmm_(later, back)
                torch.mul(heard, by_shown, out=d_shown)
                d_mean.addcmul_(heard, shown)
                torch.mul(d_mean, by_cell, out=d_cell)
                torch.mul(d_mean, by_share, out=d_share)
                d_count.sub_(d_share)
                torch.addcmul(d_share, d_count, part, out=d_taken)
                torch.mul(d_count, by_kept, out=d_kept)
                carried.mul_(left)
                later = own
        before = said[:-1].permute(1, 3, 0, 2).flatten(2)  # (head, size, step x batch)
        d_recurrent = before @ d_raw.transpose(0, 1).flatten(1, 2)
        return d_raw.permute(2, 0, 1, 3), d_recurrent


def _slopes(raw: Tensor, said: Tensor, mean: Tensor, share: Tensor) -> tuple[Tensor, ...]:
    """What gradients of a block of steps are multiplied with: `mean` is that before each step."""
    _, kept, cell, shown = raw.chunk(4, -1)
    left = 1 - share
    return (
        shown,
        said * (1 - shown),
        share * (1 - cell * cell),
        share * (cell - mean),
        left * torch.sigmoid(-kept),
        share,
        left,
    )


def _blocks(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """A few steps of each tensor at a time: no more views than the garbage collector bears."""
    return zip(*(x.split(BLOCK) for x in tensors), strict=True)


def _steps(*tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """One step of each tensor at a time."""
    return zip(*(x.unbind(0) for x in tensors), strict=True)


def _by_step(x: Tensor) -> Tensor:
    """A copy, that may be written to, as `(step, head, batch, …)`."""
    return x.permute(1, 2, 0, 3).clone(memory_format=torch.contiguous_format)
