"""The memory chunk by chunk: within a chunk steps look at each other, between chunks a state goes.

Time and memory grow with the number of steps. Heads are taken a slab at a time, so that what is
worked on stays in the cache; buffers are reused, and the backward pass is written by hand. The
scale of a state needs no gradient: sum, count and least divisor share it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from tremor.network.mlstm import narrow, wide
from tremor.network.mlstm.chunk import Chunk, chunks
from tremor.network.mlstm.room import Room, Rooms
from tremor.network.mlstm.scales import Scales

LONGEST, NARROW = 64, 64  # steps of a chunk; keys that half as many are better for
HELD = 2**17  # numbers in a slab's chunk of queries, where there is a cache to stay in


@torch.compiler.disable  # type: ignore[untyped-decorator]
def mlstm(q: Tensor, k: Tensor, v: Tensor, input_gate: Tensor, forget_gate: Tensor) -> Tensor:
    """Answers `(batch, head, step, value)` of queries and keys `(batch, head, step, key)`.

    Gates are `(batch, head, step)`. Sums and states are float32, or float64 if queries or values
    are, whatever else comes in.
    """
    given = (q, k, v, input_gate, forget_gate)
    learns = torch.is_grad_enabled() and any(x.requires_grad for x in given)
    return Chunkwise.apply(*given, learns)  # type: ignore[no-any-return, no-untyped-call]


class Chunkwise(torch.autograd.Function):
    """Both passes, slab by slab."""

    @staticmethod
    def forward(
        ctx: Any, q: Tensor, k: Tensor, v: Tensor, taken: Tensor, forgotten: Tensor, learns: bool
    ) -> Tensor:
        size, items = _cut(q)
        heads, steps = q.shape[1:3]
        dtype = torch.promote_types(torch.promote_types(q.dtype, v.dtype), torch.float32)
        gates = (taken.flatten(0, 1), forgotten.flatten(0, 1))
        by = Scales.of(*gates, q.shape[3] ** -0.5, size, items * heads, dtype)
        h = v.new_empty(len(v), steps, heads, v.shape[3]).transpose(1, 2)
        count, rooms = torch.empty_like(by.floor), Rooms(dtype, learns=False)
        by_item = (x.split(items) for x in (q, k, v, h))
        each = zip(*by_item, count.split(items * heads), by.slabs(), strict=True)
        states = [_hear(Slab(*own), rooms, learns) for own in each]
        ctx.by, ctx.items = by, items
        ctx.save_for_backward(q, k, v, forgotten, h, count, *states)
        return h

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_h: Tensor) -> tuple[Tensor | None, ...]:
        q, k, v, forgotten, h, count, *states = ctx.saved_tensors
        by, items, heads = ctx.by, ctx.items, q.shape[1]
        size = count.abs()
        divisor = torch.maximum(size, by.floor)[..., None]
        turn = torch.where(size > by.floor, -count.sign(), 0.0)[..., None]
        d_q, d_k, d_v = (torch.empty_like(x) for x in (q, k, v))
        d_log, d_direct, spoken = (torch.empty_like(x) for x in (count, count, divisor))
        rooms = Rooms(count.dtype, learns=True)
        by_item = [x.split(items) for x in (q, k, v, h, d_h, d_q, d_k, d_v)]
        by_head = [x.split(items * heads) for x in (count, divisor, turn, d_log, d_direct, spoken)]
        ours = zip(*by_item[:4], by_head[0], by.slabs(), strict=True)
        theirs = zip(*by_item[4:], *by_head[1:], strict=True)
        for own, made, kept in zip(ours, theirs, states, strict=True):
            _learn(Slab(*own), Learning(*made), kept, rooms)
        shape, given = forgotten.shape, forgotten.dtype
        d_passed = torch.where(turn == 0, spoken, 0.0)[..., 0] - d_log
        d_kept = d_passed.to(by.log.dtype).flip(-1).cumsum(-1).flip(-1)
        d_kept = torch.where(by.steep, d_direct, d_kept).view(shape)
        d_forgotten = d_kept * torch.sigmoid(-forgotten.to(d_kept.dtype))
        d_forgotten[..., 0] = 0.0  # there is nothing yet to forget
        return d_q, d_k, d_v, d_log.view(shape).to(given), d_forgotten.to(given), None


def _cut(q: Tensor) -> tuple[int, int]:
    """Steps of a chunk, and batch items of a slab."""
    heads, steps, key = q.shape[1:]
    size = steps if steps <= LONGEST else LONGEST // 2 if key <= NARROW else LONGEST
    return size, max(1, HELD // (size * heads * key)) if q.device.type == "cpu" else len(q)


@dataclass(frozen=True)
class Slab:
    """A few heads: what comes in, and the answers and counts that go out."""

    q: Tensor
    k: Tensor
    v: Tensor
    h: Tensor
    count: Tensor
    by: Scales


@dataclass(frozen=True)
class Learning:
    """Gradients of a slab: the first comes in, and so do `divisor` and `turn`; the rest goes out.

    `spoken` is what the gradient has in common with the answer, `turn` how counts change divisors.
    """

    d_h: Tensor
    d_q: Tensor
    d_k: Tensor
    d_v: Tensor
    divisor: Tensor  # (head, step, 1), as the others below
    turn: Tensor
    d_log: Tensor  # (head, step)
    d_kept: Tensor  # (head, step), of wide chunks only
    spoken: Tensor


def _hear(slab: Slab, rooms: Rooms, learns: bool) -> Tensor:
    """Answer, chunk by chunk; returns the state before each later chunk, if that is needed."""
    parts, by = chunks(slab.q, slab.k, slab.v, slab.by), slab.by
    last = len(parts) - 1
    rows = last if learns else min(last, 2)
    shape = (len(slab.count), slab.q.shape[3], slab.v.shape[3] + 1)
    states = slab.count.new_empty(rows, *shape)
    by_head = (x.split(by.size, -1) for x in (slab.count, by.floor))
    out = zip(*by_head, slab.h.split(by.size, 2), strict=True)
    state = None
    for n, (chunk, (counted, floor, answers)) in enumerate(zip(parts, out, strict=True)):
        room = rooms(chunk)
        (wide if chunk.wide else narrow).hear(room, chunk, state)
        counted.copy_(room.heard[..., -1])
        divisor = torch.maximum(counted.abs(), floor).view(*answers.shape[:3], 1)
        torch.div(room.heard4, divisor, out=answers)
        if n < last:
            state = _written(states[n % rows], room, chunk, state)
            if not parts[n + 1].wide:
                state.mul_(parts[n + 1].kept)
    return states


def _written(new: Tensor, room: Room, chunk: Chunk, state: Tensor | None) -> Tensor:
    """The state at a chunk's end; before a wide chunk it still holds what is forgotten in it."""
    keys = room.k.transpose(1, 2)
    if state is None:
        return torch.bmm(keys, room.v, out=new)
    left = state * chunk.kept if chunk.wide else state
    return torch.baddbmm(left, keys, room.v, out=new)


def _learn(slab: Slab, to: Learning, states: Tensor, rooms: Rooms) -> None:
    """Gradients, from the last chunk to the first."""
    parts, size = chunks(slab.q, slab.k, slab.v, slab.by), slab.by.size
    by_item = (x.split(size, 2) for x in (slab.h, to.d_h, to.d_q, to.d_k, to.d_v))
    by_head = (x.split(size, 1) for x in (to.divisor, to.turn, to.d_log, to.d_kept, to.spoken))
    steps = [*zip(parts, *by_item, *by_head, strict=True)]
    d_state = torch.empty_like(states[0]) if len(states) else None
    for n in reversed(range(len(parts))):
        chunk, h, d_h, d_q, d_k, d_v, divisor, turn, d_log, d_kept, spoken = steps[n]
        way, room, later = wide if chunk.wide else narrow, rooms(chunk), n < len(states)
        torch.mul(d_h, h, out=room.d_v4)
        torch.sum(room.d_v, -1, keepdim=True, out=spoken)
        torch.div(d_h, divisor.view(*d_h.shape[:3], 1), out=room.heard4)
        room.heard[..., -1:] = spoken * turn / divisor
        state = states[n - 1] if n else None
        way.learn(room, chunk, state, d_state if later else None, d_q, d_k, d_log, d_kept)
        d_v.copy_(room.d_v4)
        if d_state is not None and n:
            way.before(room, chunk, d_state, later)
