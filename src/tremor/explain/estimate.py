"""What an estimator finds out about each player, and how exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from scipy import stats
from torch import Tensor


@dataclass(frozen=True)
class Estimate:
    """Credits on the CPU in float64, of players `(player,)` or of the cells of an input `(…)`.

    `leaf` numbers what was told apart: players of one leaf share its credit evenly. `errors` are
    standard errors with `freedom` degrees of freedom, or None where the method has no notion of
    them. `complete` methods promise that credits sum to the full less the empty worth. `trust` are
    figures of how far to believe it, by name; `note` is what must be said first.
    """

    values: Tensor
    errors: Tensor | None
    leaf: Tensor
    freedom: float = math.inf
    complete: bool = True
    trust: dict[str, float] = field(default_factory=dict, kw_only=True)
    note: str = field(default="", kw_only=True)

    @classmethod
    def singly(
        cls,
        values: Tensor,
        errors: Tensor | None,
        freedom: float = math.inf,
        complete: bool = True,
    ) -> Estimate:
        """Every player, or cell, was looked at by itself."""
        leaf = torch.arange(values.numel()).view(values.shape)
        return cls(values, errors, leaf, freedom, complete)

    def interval(self, level: float = 0.95) -> tuple[Tensor, Tensor]:
        """Lower and upper ends of each credit's confidence interval (Student's t)."""
        if self.errors is None:
            unknown = torch.full_like(self.values, torch.nan)
            return unknown, unknown
        reach = float(stats.t.ppf((1 + level) / 2, self.freedom)) * self.errors
        return self.values - reach, self.values + reach
