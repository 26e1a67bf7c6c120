"""The memory chunk by chunk: within a chunk steps look at each other, between chunks a state goes.

Time and memory grow with the number of steps. Heads are taken a slab at a time, so that what is
worked on stays in the cache; buffers are reused, and the backward pass is written by hand. The
scale of a state needs no gradient: sum, count and least divisor share it.
"""

from __future__ import annotations

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


def mlstm(q: Tensor, k: Tensor, v: Tensor, input_gate: Tensor, forget_gate: Tensor) -> Tensor:
    """Sums and states are float32, or float64 if queries or values are, whatever else comes in."""
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
        by_item = zip(*(x.split(items) for x in (q, k, v, h)), strict=True)
        by_head = zip(by.slabs(), count.split(items * heads), strict=True)
        states = [
            _hear(*own, *scaled, rooms, learns)
            for own, scaled in zip(by_item, by_head, strict=True)
        ]
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
        d_log, spoken = torch.empty_like(count), torch.empty_like(divisor)
        rooms = Rooms(count.dtype, learns=True)
        by_item = zip(*(x.split(items) for x in (q, k, v, h, d_h, d_q, d_k, d_v)), strict=True)
        by_head = zip(*(x.split(items * heads) for x in (divisor, turn, d_log, spoken)), strict=True)
        for own, scaled, part, kept in zip(by_item, by_head, by.slabs(), states, strict=True):
            _learn(*own, *scaled, part, kept, rooms)
        d_passed = torch.where(turn == 0, spoken, 0.0)[..., 0] - d_log
        d_kept = d_passed.double().flip(-1).cumsum(-1).flip(-1).view(forgotten.shape)
        d_forgotten = (d_kept * torch.sigmoid(-forgotten.double())).to(forgotten.dtype)
        return d_q, d_k, d_v, d_log.view(forgotten.shape).to(forgotten.dtype), d_forgotten, None


def _cut(q: Tensor) -> tuple[int, int]:
    """Steps of a chunk, and batch items of a slab."""
    heads, steps, key = q.shape[1:]
    size = steps if steps <= LONGEST else LONGEST // 2 if key <= NARROW else LONGEST
    return size, max(1, HELD // (size * heads * key)) if q.device.type == "cpu" else len(q)


def _hear(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    h: Tensor,
    by: Scales,
    count: Tensor,
    rooms: Rooms,
    learns: bool,
) -> Tensor:
    """Answers of a slab to `h`, counts to `count`; returns the state before each later chunk."""
    parts = chunks(q, k, v, by)
    last = len(parts) - 1
    rows = last if learns else min(last, 2)
    states = count.new_empty(rows, len(count), q.shape[3], v.shape[3] + 1)
    out = zip(*(x.split(by.size, -1) for x in (count, by.floor)), h.split(by.size, 2), strict=True)
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
    """The state at a chunk's end; that of a wide chunk comes in without what it forgets."""
    keys = room.k.transpose(1, 2)
    if state is None:
        return torch.bmm(keys, room.v, out=new)
    left = state * chunk.kept if chunk.wide else state
    return torch.baddbmm(left, keys, room.v, out=new)


def _learn(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    h: Tensor,
    d_h: Tensor,
    d_q: Tensor,
    d_k: Tensor,
    d_v: Tensor,
    divisor: Tensor,
    turn: Tensor,
    d_log: Tensor,
    spoken: Tensor,
    by: Scales,
    states: Tensor,
    rooms: Rooms,
) -> None:
    """Gradients of a slab, from its last chunk to its first."""
    parts = chunks(q, k, v, by)
    by_item = (x.split(by.size, 2) for x in (h, d_h, d_q, d_k, d_v))
    by_head = (x.split(by.size, 1) for x in (divisor, turn, d_log, spoken))
    steps = list(zip(parts, *by_item, *by_head, strict=True))
    d_state = torch.empty_like(states[0]) if len(states) else None
    for n in reversed(range(len(parts))):
        chunk, h_, d_h_, d_q_, d_k_, d_v_, divisor_, turn_, d_log_, spoken_ = steps[n]
        way, room, later = wide if chunk.wide else narrow, rooms(chunk), n < len(states)
        torch.mul(d_h_, h_, out=room.d_v4)
        torch.sum(room.d_v, -1, keepdim=True, out=spoken_)
        torch.div(d_h_, divisor_.view(*d_h_.shape[:3], 1), out=room.heard4)
        room.heard[..., -1:] = spoken_ * turn_ / divisor_
        state = states[n - 1] if n else None
        way.learn(room, chunk, state, d_state if later else None, d_q_, d_k_, d_log_)
        d_v_.copy_(room.d_v4)
        if d_state is not None and n:
            way.before(room, chunk, d_state, later)
