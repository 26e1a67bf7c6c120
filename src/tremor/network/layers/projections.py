"""Projections within groups of features."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from tremor.network.layers.rows import rows

WIDE = 16


class GroupedLinear(nn.Module):
    """Linear maps within groups of `size` features: `(batch, step, feature)`, no bias.

    Groups are gathered into blocks of at most 16 features, which multiply faster than many tiny
    matrices do.
    """

    def __init__(self, features: int, size: int, outputs: int = 1):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, features // size, size, size))
        nn.init.normal_(self.weight, std=(2 / (5 * features)) ** 0.5)
        self.joined = _divisor(features // size, max(1, WIDE // size))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """As many tensors of `x`'s shape as there are `outputs`."""
        outputs, _, size, _ = self.weight.shape
        eye = torch.eye(self.joined, dtype=x.dtype, device=x.device)[:, None, :, None]
        own = self.weight.to(x.dtype).view(outputs, -1, self.joined, size, 1, size) * eye
        blocks = own.reshape(outputs, -1, self.joined * size, self.joined * size)
        blocks = blocks.transpose(-1, -2)
        if torch.compiler.is_compiling():
            parts = x.unflatten(-1, blocks.shape[1:3])
            made = torch.einsum("btni,onij->obtnj", parts, blocks)
            return (*made.flatten(-2),)
        return BlockDiagonal.apply(x, blocks)  # type: ignore[no-any-return, no-untyped-call]

    def before(self, rows: Tensor, output: int) -> Tensor:
        """A linear map `(row, feature)` of one of the outputs as one of the input, of one shape."""
        weight = self.weight[output]
        parts: Tensor = rows.unflatten(1, weight.shape[:2]).transpose(0, 1) @ weight
        return parts.transpose(0, 1).flatten(1)


class BlockDiagonal(torch.autograd.Function):
    """`x (batch, step, feature)` times each of `blocks (output, block, wide, wide)`.

    A few rows at a time, so that results are put in their places while they are in the cache.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, blocks: Tensor) -> tuple[Tensor, ...]:
        made = tuple(x.new_empty(x.shape) for _ in blocks)
        for own, *said in _by_block(blocks, x, *made):
            for block, place in zip(blocks, said, strict=True):
                place.copy_(torch.bmm(own, block))
        ctx.save_for_backward(x, blocks)
        return made

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *d_made: Tensor) -> tuple[Tensor, Tensor]:
        x, blocks = ctx.saved_tensors
        d_x, d_blocks = x.new_empty(x.shape), torch.zeros_like(blocks)
        for own, d_own, *d_said in _by_block(blocks, x, d_x, *d_made):
            for d_block, given in zip(d_blocks, d_said, strict=True):
                d_block += torch.bmm(own.transpose(1, 2), given)
            total = torch.bmm(d_said[0], blocks[0].transpose(1, 2))
            for block, given in zip(blocks[1:], d_said[1:], strict=True):
                total += torch.bmm(given, block.transpose(1, 2))
            d_own.copy_(total)
        return d_x, d_blocks


def _by_block(blocks: Tensor, *tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """A few rows of each tensor at a time, as `(block, row, wide)`."""
    count, wide = blocks.shape[1:3]
    for each in rows(count * wide, *tensors):
        yield tuple(part.unflatten(1, (count, wide)).transpose(0, 1) for part in each)


def _divisor(number: int, largest: int) -> int:
    """The largest divisor of a number that is not above `largest`."""
    return next(d for d in range(largest, 0, -1) if number % d == 0)
