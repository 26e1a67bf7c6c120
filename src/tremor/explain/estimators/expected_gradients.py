"""Integrated gradients averaged over baselines from the training set, by drawing both."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tremor.explain.estimate import Estimate
from tremor.explain.estimators.draws import Moments
from tremor.explain.slope import Slope


@dataclass(frozen=True)
class ExpectedGradients:
    """Each draw takes one background and one place on the way from it to the record.

    Credits add up to the gain over the mean background, up to the error of drawing.
    """

    budget: int = 200
    seed: int = 0

    def __call__(self, slope: Slope, record: Tensor, backgrounds: Tensor) -> Estimate:
        """Credits of the cells of a record `(…)` against backgrounds `(background, …)`."""
        generator = torch.Generator().manual_seed(self.seed)
        which = torch.randint(len(backgrounds), (self.budget,), generator=generator)
        places = torch.rand(self.budget, generator=generator, dtype=torch.float64)
        moments = Moments(record.shape)
        for some, at in zip(which.split(slope.batch), places.split(slope.batch), strict=True):
            base = backgrounds[some.to(backgrounds.device)].to(record)
            way = at.to(record).view(-1, *[1] * record.ndim)
            gradients = slope(torch.lerp(base, record.expand_as(base), way))[1]
            moments.add(gradients * (record - base).cpu().double())
        return Estimate.singly(*moments.mean_and_error(), self.budget - 1.0)
