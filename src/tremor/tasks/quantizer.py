"""A product quantiser: each step becomes one code of every group, chosen by Gumbel-softmax."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import gumbel_softmax, one_hot


class Quantized(NamedTuple):
    """Vectors `(batch, step, size)`, codes `(…, group)`, and shares of codes `(…, group, code)`."""

    vectors: Tensor
    codes: Tensor
    soft: Tensor


class GumbelQuantizer(nn.Module):
    """`(batch, step, feature)` to code vectors of `size`, `groups` codes of `size / groups` each.

    While training, codes are drawn at a temperature and passed straight through; afterwards the
    likeliest is taken. Each group looks up its own vectors: nothing of batch × step × code × size
    is ever made.
    """

    def __init__(self, features: int, groups: int = 2, codes: int = 320, size: int = 256):
        super().__init__()
        self.groups, self.codes = groups, codes
        self.score = nn.Linear(features, groups * codes)
        self.vectors = nn.Parameter(torch.rand(groups, codes, size // groups))
        nn.init.normal_(self.score.weight, std=1 / features**0.5)
        nn.init.zeros_(self.score.bias)

    def forward(self, x: Tensor, temperature: float) -> Quantized:
        score = self.score(x).float().unflatten(-1, (self.groups, self.codes))
        if self.training:
            chosen = gumbel_softmax(score, temperature, hard=True)
        else:
            chosen = one_hot(score.argmax(-1), self.codes).to(score.dtype)
        vectors = torch.einsum("bsgv,gvd->bsgd", chosen, self.vectors.float())
        return Quantized(vectors.flatten(2), chosen.detach().argmax(-1), score.softmax(-1))

    def numbered(self, codes: Tensor) -> Tensor:
        """One number for the codes of all groups: `(…, group)` to `(…)`."""
        place = self.codes ** torch.arange(self.groups, device=codes.device)
        return (codes * place).sum(-1)


def perplexity(shares: Tensor) -> Tensor:
    """How many codes a group uses in effect: exp of the entropy of `(…, group, code)`."""
    entropy = -(shares * (shares + 1e-9).log()).sum(-1)
    return entropy.exp()
