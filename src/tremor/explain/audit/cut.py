"""A record cut into parts that are deleted as one, and what is left of its score without them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.game import Masked, Worth
from tremor.explain.players import every, partition

Score = Callable[[Tensor], Tensor]  # inputs (batch, *cells) to scores (batch,)
FLAT = 1e-6  # a range below this share of the level is the rounding of float32, no effect


@dataclass(frozen=True)
class Cut:
    """`labels (*cells)` is the part of each cell, `area (part,)` what a part takes up.

    `worth` gives the mean score over backgrounds `(mask,)` where only the parts in masks
    `(mask, part)` are kept, in float64; a mask costs `cost` evaluations.
    """

    worth: Worth
    labels: Tensor
    area: Tensor
    cost: int = 1

    @property
    def count(self) -> int:
        return len(self.area)

    def credits(self, attribution: Tensor) -> Tensor:
        """What a map `(*cells)` gives to each part `(part,)`."""
        if attribution.shape != self.labels.shape:
            shapes = tuple(attribution.shape), tuple(self.labels.shape)
            raise Refused(f"a map {shapes[0]} for a record {shapes[1]}", "audit", "equal shapes")
        if not bool(attribution.isfinite().all()):
            raise Refused("a map with values that are not finite", "audit", "a finite attribution")
        total = torch.zeros(self.count, dtype=torch.float64)
        return total.index_add_(0, self.labels.flatten(), attribution.cpu().double().flatten())


def cut(
    score: Score,
    record: Tensor,
    backgrounds: Tensor,
    leaf: Tensor,
    area: Tensor | None = None,
    batch: int = 256,
) -> Cut:
    """A record `(*cells)` in parts `leaf (*cells)`, with backgrounds `(background, *cells)`.

    `area (*cells)` is that of each cell (1 if not given). At most `batch` inputs are scored at
    once.
    """
    sizes = torch.ones(record.shape) if area is None else area
    shapes = [tuple(x.shape) for x in (leaf, sizes, backgrounds[0])]
    if any(shape != tuple(record.shape) for shape in shapes):
        fault = f"leaf, area and background of shapes {shapes} for a record {tuple(record.shape)}"
        raise Refused(fault, "audit", "one number for each cell")
    if not bool((sizes > 0).all()):
        raise Refused("cells without an area", "audit", "an area above 0 for each cell")
    labels = leaf.cpu().unique(return_inverse=True)[1]
    total = torch.zeros(int(labels.max()) + 1, dtype=torch.float64)
    total.index_add_(0, labels.flatten(), sizes.cpu().double().flatten())
    one = torch.ones(1, dtype=torch.float64)
    worth = Masked(_column(score), one, record, backgrounds, labels.to(record.device), batch)
    return Cut(worth, labels, total, len(backgrounds))


def blocks(shape: Sequence[int], sizes: Sequence[int]) -> Tensor:
    """Parts `(*shape)` of `sizes` cells along each axis, for maps that tell every cell apart.

    Deleting single cells at random leaves a speckle that no ranked order leaves: compare orders
    of parts about as large as what the map resolves.
    """
    pairs = zip(sizes, shape, strict=True)
    return partition(shape, [every(size, length) for size, length in pairs]).labels


def flat(values: Tensor, level: float = 0.0) -> bool:
    """Whether numbers differ by no more than rounding, of their own level or a higher one."""
    return float(values.max() - values.min()) <= FLAT * max(level, float(values.abs().max()))


def correlation(a: Tensor, b: Tensor) -> float | None:
    """Pearson's, of two lists of numbers; None where either is constant."""
    a, b = (x.double().flatten() for x in (a, b))
    if flat(a) or flat(b):
        return None
    a, b = a - a.mean(), b - b.mean()
    return float((a @ b / (a.norm() * b.norm())).clamp(-1, 1))


def _column(score: Score) -> Score:
    return lambda inputs: score(inputs).cpu().double()[:, None]
