"""First whether anything happens, then what: heads that cannot contradict each other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid

from tremor.errors import Refused
from tremor.network.decoders.heads import head, refuse_odd, sizes_of
from tremor.network.decoders.pooled import POOLS

DIRECTIONS = 8


class HierarchicalDecoder(nn.Module):
    """`(batch, …, step)` to logits `(batch, classes of all heads)`.

    The first class of each head is background: its probability is 1 - p(precursor), the same in all
    heads; that of another class is p(precursor) p(class | precursor). With s the log-odds of a
    precursor, logits are -s/2 of the background, linear in what the last layer is given however
    sure it is, and s/2 + log p(class | precursor) of the others; background records leave that
    second part alone. `compass` names a head of 8 directions clockwise from north whose second part
    is p(N, E, S or W | precursor) p(direction | one of these, or one between them).
    """

    def __init__(
        self,
        in_shape: tuple[int, ...],
        heads: dict[str, list[str]],
        pool: Literal["last", "mean"] = "mean",
        hidden: int | None = 512,
        dropout: float = 0.5,
        compass: str | None = None,
    ):
        super().__init__()
        refuse_odd(hidden, dropout)
        features, sizes = math.prod(in_shape[:-1]), sizes_of(heads)
        refuse_no_compass(heads, compass)
        self.pool = POOLS[pool]
        self.precursor = head(features, 1, hidden, dropout)
        # a compass has one number more: which kind of direction it is
        parts = {name: size - (name != compass) for name, size in zip(heads, sizes, strict=True)}
        self.heads = nn.ModuleList(head(features, n, hidden, dropout) for n in parts.values())
        self.divided = [name == compass for name in parts]
        self.sizes, self.out_shape = sizes, (sum(sizes),)

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        pooled = self.pool(x.flatten(1, -2), length)
        half = self.precursor(pooled).float() / 2
        found = []
        for own, divided in zip(self.heads, self.divided, strict=True):
            said = own(pooled).float()
            inner = among_directions(said) if divided else said.log_softmax(-1)
            found += [-half, half + inner]
        return torch.cat(found, -1)

    def decide(self, logits: Tensor) -> Tensor:
        """Classes `(batch, head)`: of a precursor in all heads, or of the background in all.

        Each class of a precursor may be less likely than the background, and all together more.
        """
        likeliest = [1 + own[:, 1:].argmax(-1) for own in logits.split(self.sizes, -1)]
        precursor = logits[:, :1] < 0
        return torch.stack(likeliest, -1) * precursor


def among_directions(said: Tensor) -> Tensor:
    """Log-probabilities `(batch, 8)` of directions, from `(batch, 1 + 8)` numbers.

    The first tells those at even places (N, E, S, W) from those between; the others tell apart the
    four of each kind.
    """
    even = said[:, :1]
    kind = torch.cat([logsigmoid(even), logsigmoid(-even)], -1)
    four = said[:, 1:].unflatten(-1, (-1, 2)).log_softmax(1)
    each: Tensor = kind[:, None] + four
    return each.flatten(1)


def refuse_no_compass(heads: Mapping[str, Sequence[str]], compass: str | None) -> None:
    """A compass is one of the heads: background, and 8 directions."""
    if compass is None:
        return
    fit = [name for name, classes in heads.items() if len(classes) == 1 + DIRECTIONS]
    if compass not in fit:
        fault = f"decoder.compass is {compass}, no head of background and {DIRECTIONS} directions"
        raise Refused(fault, "decoder.compass", f"decoder.compass={fit[0] if fit else 'null'}")
