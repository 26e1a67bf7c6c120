"""Spans of steps at random places, to be hidden."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import max_pool1d, pad

from tremor.signal.draws import Generators, uniform
from tremor.signal.masks import valid


def spans(
    length: Tensor, steps: int, share: float, span: int, generator: Generators = None
) -> Tensor:
    """Spans of `span` steps at random starts: `(batch, steps)`, True where hidden.

    So many start in each record that they would cover `share` of it if they did not overlap (they
    do: a share of 0.65 covers about half). Nothing is hidden past `length`.
    """
    drawn = uniform([1] * len(length), steps + 1, generator, length.device)
    starts = (length - span + 1).clamp(min=1)
    count = (share * length / span + drawn[:, -1]).long().clamp(min=1)
    score = drawn[:, :-1].masked_fill(~valid(starts, steps), -1.0)
    rank = score.argsort(1, descending=True).argsort(1)
    begun = (rank < torch.minimum(count, starts)[:, None]).float()
    hidden = max_pool1d(pad(begun, (span - 1, 0)), span, 1) > 0
    return hidden & valid(length, steps)
