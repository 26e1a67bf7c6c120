"""A chunk whose weights differ by more than float32 holds: a table tells those of each pair."""

from __future__ import annotations

import torch
from torch import Tensor

from tremor.network.mlstm.chunk import Chunk
from tremor.network.mlstm.room import Room


def hear(room: Room, chunk: Chunk, state: Tensor | None) -> None:
    """Answers and counts, each over the largest weight up to its own step."""
    room.k4.copy_(chunk.k).mul_(chunk.scale)
    torch.bmm(room.q, room.k.transpose(1, 2), out=room.seen).mul_(chunk.table())
    torch.bmm(room.seen, room.v, out=room.heard)
    if state is not None:
        room.heard.baddbmm_(room.q * chunk.early(), state)
    torch.mul(chunk.k, chunk.written, out=room.k4)


def learn(
    room: Room,
    chunk: Chunk,
    state: Tensor | None,
    d_state: Tensor | None,
    d_q: Tensor,
    d_k: Tensor,
    d_log: Tensor,
    d_kept: Tensor,
) -> None:
    """Gradients of queries, keys and gates; that of the values is left in `room.d_v`.

    A forget gate is told from what passes it, pair by pair: where little does, a difference of
    sums over all steps would lose it. `d_kept` is that of the gate's logarithm.
    """
    table = chunk.table()
    room.k4.copy_(chunk.k).mul_(chunk.scale)
    torch.bmm(room.q, room.k.transpose(1, 2), out=room.seen)
    torch.bmm(room.heard, room.v.transpose(1, 2), out=room.d_seen).mul_(table)
    pairs = room.d_seen * room.seen
    torch.sum(pairs, 1, out=d_log)
    earlier = torch.ones_like(pairs[0]).triu_(1)
    torch.sum((pairs @ earlier).tril_(), 1, out=d_kept)
    torch.bmm(room.d_seen, room.k, out=room.d_k)
    if state is not None:
        from_before = (room.heard @ state.transpose(1, 2)).mul_(chunk.early())
        room.d_k.add_(from_before)
        d_kept.add_(from_before.mul_(room.q).sum(-1).flip(-1).cumsum(-1).flip(-1))
    d_q.copy_(room.d_k4)
    torch.bmm(room.d_seen.transpose(1, 2), room.q, out=room.d_k)
    torch.mul(room.d_k4, chunk.scale, out=d_k)
    torch.bmm(room.seen.mul_(table).transpose(1, 2), room.heard[..., :-1], out=room.d_v)
    if d_state is not None:
        torch.mul(chunk.k, chunk.written, out=room.k4)
        room.d_v.baddbmm_(room.k, d_state[..., :-1])
        torch.bmm(room.v, d_state.transpose(1, 2), out=room.d_k)
        d_k.addcmul_(room.d_k4, chunk.written)
        onward = room.d_k.mul_(room.k).sum(-1)
        d_log.add_(onward)
        d_kept.add_(onward.cumsum(-1).sub_(onward))
        if state is not None:
            d_kept.add_((state * d_state * chunk.kept).sum((1, 2))[:, None])


def before(room: Room, chunk: Chunk, d_state: Tensor, later: bool) -> None:
    """Turn the gradient of the state after this chunk (none if nothing is later) to that before."""
    towards = (room.q * chunk.early()).transpose(1, 2)
    if later:
        d_state.mul_(chunk.kept).baddbmm_(towards, room.heard)
    else:
        torch.bmm(towards, room.heard, out=d_state)
