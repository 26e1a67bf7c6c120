"""Gradients averaged over noisy copies of the record."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tremor.explain.estimate import Estimate
from tremor.explain.estimators.draws import Moments
from tremor.explain.slope import Slope


@dataclass(frozen=True)
class SmoothGrad:
    """Noise has `level` times the record's range; a slope, which adds up to nothing."""

    budget: int = 50
    level: float = 0.1
    seed: int = 0

    def __call__(self, slope: Slope, record: Tensor) -> Estimate:
        """The mean gradient at each cell of a record `(…)`."""
        generator = torch.Generator().manual_seed(self.seed)
        spread = self.level * (record.max() - record.min())
        moments, left = Moments(record.shape), self.budget
        while left:
            many = min(slope.batch, left)
            noise = torch.stack(
                [torch.randn(record.shape, generator=generator) for _ in range(many)]
            )
            moments.add(slope(record + spread * noise.to(record))[1])
            left -= many
        return Estimate.singly(*moments.mean_and_error(), self.budget - 1.0, complete=False)
