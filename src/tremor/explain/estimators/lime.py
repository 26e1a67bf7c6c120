"""The slope of a game near the whole record: LIME.

Players are kept or not by fair coins; masks count by how near they are to the whole (a kernel of
their cosine distance), and a ridge regression tells what each player adds. With an endless kernel
and every mask it is the best linear fit, which of multilinear games takes `Σ m_T / 2^(|T| - 1)`
over the terms with a player. It estimates no Shapley value, and need not add up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.estimate import Estimate
from tremor.explain.estimators.enumeration import coalitions
from tremor.explain.game import Game

FLAT = 1e-3  # of the score: what varies by less has no slope
FITS = 0.2  # share of the variance below which a linear surrogate tells nothing
POWER = 0.75  # between HC2 (0.5) and HC3 (1), as for leverage sampling
LEAST = 1e-6  # share of a residual that the fit leaves


@dataclass(frozen=True)
class Lime:
    """`budget` masks, all of them where they fit into it; `ridge` on sums of weights."""

    budget: int = 1000
    kernel_width: float = 0.25
    ridge: float = 0.01
    seed: int = 0

    @staticmethod
    def least(players: int) -> int:
        """The fewest masks that tell so many players apart."""
        return min(2 * players + 4, 1 << players)

    def __call__(self, game: Game) -> Estimate:
        masks, y = self._drawn(game)
        weight = torch.exp(-((cosine_distance(masks) / self.kernel_width) ** 2))
        fit = ridge(masks.double(), y, weight, self.ridge)
        known = len(masks) == 1 << game.players.count
        errors = torch.zeros_like(fit.slopes) if known else fit.errors()
        spare = math.inf if known else max(1.0, len(masks) - len(fit.slopes) - 1.0)
        trust = fit.trust | {"masks": float(len(masks))}
        said = _said(float(y.max() - y.min()), trust["surrogate_r2"])
        found = Estimate.singly(fit.slopes, errors, spare, complete=False)
        return replace(found, trust=trust, note=said)

    def _drawn(self, game: Game) -> tuple[Tensor, Tensor]:
        """Masks `(mask, player)`, the whole record first, and their worth."""
        n = game.players.count
        if self.kernel_width <= 0 or self.ridge < 0:
            fault = f"a kernel {self.kernel_width:g} wide and a ridge of {self.ridge:g}"
            raise Refused(fault, "explainer", "a width above 0, a ridge of 0 or more")
        if self.budget < self.least(n):
            fault = f"a budget of {self.budget} masks for {n} players"
            remedy = f"explainer.budget={self.least(n) * game.cost} or more"
            raise Refused(fault, "explainer.budget", remedy)
        whole = torch.ones(1, n, dtype=torch.bool)
        ends = torch.tensor([game.full, game.empty], dtype=torch.float64)
        if self.budget >= 1 << n:
            inner = coalitions(n)[1:-1]
            return torch.cat([whole, ~whole, inner]), torch.cat([ends, game(inner)])
        generator = torch.Generator().manual_seed(self.seed)
        coins = torch.rand(self.budget - 2, n, generator=generator) < 0.5
        return torch.cat([whole, coins]), torch.cat([ends[:1], game(coins)])


def cosine_distance(masks: Tensor) -> Tensor:
    """Of each mask `(mask, player)` to the mask of all players; 1 for the empty one."""
    return 1 - masks.double().mean(1).sqrt()


@dataclass(frozen=True)
class Ridge:
    """A weighted ridge regression with an intercept that is not held back."""

    x: Tensor  # (row, 1 + player), ones first
    y: Tensor
    weight: Tensor
    inverse: Tensor  # of the penalised normal equations
    beta: Tensor

    @property
    def slopes(self) -> Tensor:
        return self.beta[1:]

    def errors(self) -> Tensor:
        """Standard errors of the slopes (sandwich; residuals scaled up for what the fit took)."""
        reached = self.x @ self.inverse
        left = (1 - self.weight * (reached * self.x).sum(1)).clamp(min=LEAST)
        scores = (self.weight * (self.y - self.x @ self.beta) / left**POWER)[:, None] * reached
        return scores.square().sum(0).sqrt()[1:]

    @property
    def trust(self) -> dict[str, float]:
        """Weighted R², effective number of masks, condition of the normal equations."""
        middle = (self.weight * self.y).sum() / self.weight.sum()
        total = float((self.weight * (self.y - middle) ** 2).sum())
        rest = float((self.weight * (self.y - self.x @ self.beta) ** 2).sum())
        return {
            "surrogate_r2": max(0.0, 1 - rest / total) if total > 0 else 0.0,
            "effective_masks": float(self.weight.sum() ** 2 / self.weight.square().sum()),
            "condition": float(torch.linalg.cond(self.inverse)),
        }


def ridge(x: Tensor, y: Tensor, weight: Tensor, penalty: float) -> Ridge:
    """Fit `y (row,)` by `x (row, player)`; rows weighted, slopes held back by `penalty`."""
    rows = torch.cat([torch.ones(len(x), 1, dtype=x.dtype), x], 1)
    held = torch.full((rows.shape[1],), penalty, dtype=x.dtype)
    held[0] = 0.0
    normal = rows.T @ (weight[:, None] * rows) + held.diag()
    inverse = torch.linalg.pinv(normal, hermitian=True)
    return Ridge(rows, y, weight, inverse, inverse @ (rows.T @ (weight * y)))


def _said(spread: float, fits: float) -> str:
    """What must be said of a surrogate that tells nothing."""
    if spread < FLAT:
        return f"the score varies by {spread:.1g} only: there is nothing to explain"
    if fits < FITS:
        return f"the linear surrogate explains {fits:.0%} of the score only: do not read it"
    return ""
