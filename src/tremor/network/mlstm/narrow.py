"""A chunk whose weights float32 holds: keys carry them, and nothing else needs to."""

from __future__ import annotations

import torch
from torch import Tensor

from tremor.network.mlstm.chunk import Chunk
from tremor.network.mlstm.room import Room


def hear(room: Room, chunk: Chunk, state: Tensor | None) -> None:
    """Answers and counts, from this chunk's steps and from the state before them."""
    look(room, chunk)
    torch.bmm(room.seen, room.v, out=room.heard)
    if state is not None:
        room.heard.baddbmm_(room.q, state)


def look(room: Room, chunk: Chunk) -> None:
    """Keys by their weight, and what queries see of them."""
    torch.mul(chunk.k, chunk.written, out=room.k4)
    torch.bmm(room.q, room.k.transpose(1, 2), out=room.seen).tril_()


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
    """Gradients of queries, keys and log weights; that of the values is left in `room.d_v`.

    Those of the forget gates, `d_kept`, come from sums over all steps.
    """
    look(room, chunk)
    torch.bmm(room.heard, room.v.transpose(1, 2), out=room.d_seen).tril_()
    torch.bmm(room.d_seen, room.k, out=room.d_k)
    if state is not None:
        room.d_k.baddbmm_(room.heard, state.transpose(1, 2))
    d_q.copy_(room.d_k4)
    torch.bmm(room.d_seen.transpose(1, 2), room.q, out=room.d_k)
    torch.bmm(room.seen.transpose(1, 2), room.heard[..., :-1], out=room.d_v)
    if d_state is not None:
        room.d_k.baddbmm_(room.v, d_state.transpose(1, 2))
        room.d_v.baddbmm_(room.k, d_state[..., :-1])
    torch.mul(room.d_k4, chunk.written, out=d_k)
    torch.sum(room.d_k.mul_(room.k), -1, out=d_log)


def before(room: Room, chunk: Chunk, d_state: Tensor, later: bool) -> None:
    """Turn the gradient of the state after this chunk (none if nothing is later) to that before."""
    towards = room.q.transpose(1, 2)
    if later:
        d_state.baddbmm_(towards, room.heard)
    else:
        torch.bmm(towards, room.heard, out=d_state)
    d_state.mul_(chunk.kept)
