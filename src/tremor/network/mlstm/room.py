"""Buffers that one chunk of a slab is worked on in, made once and used for all."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tremor.network.mlstm.chunk import Chunk


@dataclass(frozen=True)
class Room:
    """`(head, step, …)` for products; names that end in 4 are views `(item, head, step, …)`.

    `v` and `heard` have one column more than the values: the count that answers are divided by.
    """

    q: Tensor
    k: Tensor
    v: Tensor
    seen: Tensor  # (head, step, earlier step): queries on keys
    heard: Tensor  # answers and counts, or the gradients of these
    d_seen: Tensor
    d_k: Tensor
    d_v: Tensor
    q4: Tensor
    k4: Tensor
    v4: Tensor
    heard4: Tensor
    d_k4: Tensor
    d_v4: Tensor

    def load(self, chunk: Chunk) -> None:
        """Take in queries and values; keys are taken in by their weights."""
        self.q4.copy_(chunk.q)
        self.v4.copy_(chunk.v)


class Rooms:
    """A room for each size of chunk."""

    def __init__(self, dtype: torch.dtype, learns: bool):
        self.dtype, self.learns = dtype, learns
        self.made: dict[tuple[int, int], Room] = {}

    def __call__(self, chunk: Chunk) -> Room:
        """The chunk's room, with its queries and values in it."""
        size = (len(chunk.q), chunk.q.shape[2])
        if size not in self.made:
            self.made[size] = self._new(chunk)
        room = self.made[size]
        room.load(chunk)
        return room

    def _new(self, chunk: Chunk) -> Room:
        items, heads, steps, key = chunk.q.shape
        value = chunk.v.shape[3]

        def new(size: int, used: bool = True) -> Tensor:
            rows = items * heads if used else 0
            return chunk.q.new_empty(rows, steps, size, dtype=self.dtype)

        q, k, v, heard = new(key), new(key), new(value + 1), new(value + 1)
        v[..., value:] = 1.0
        d_k, d_v = new(key, self.learns), new(value, self.learns)
        flat = (q, k, v, new(steps), heard, new(steps, self.learns), d_k, d_v)
        wide = zip((q, k, v, heard, d_k, d_v), (key, key, value, value, key, value), strict=True)
        return Room(*flat, *(x.unflatten(0, (-1, heads))[..., :size] for x, size in wide))
