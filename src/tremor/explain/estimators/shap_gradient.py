"""The shap library's own Gradient explainer on a network."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from tremor.explain.estimate import Estimate
from tremor.explain.estimators.shap_library import seeded, shap
from tremor.explain.game import logits
from tremor.explain.slope import Slope, differentiable


@dataclass(frozen=True)
class ShapGradient:
    """`budget` draws of a background and a place on the way from it to the record.

    Credits add up to the gain over the mean background, up to the error of drawing.
    """

    budget: int = 200
    seed: int = 0

    def __call__(self, slope: Slope, record: Tensor, backgrounds: Tensor) -> Estimate:
        """Credits of the cells of a record `(…)` against backgrounds `(background, …)`."""
        with differentiable(), seeded(self.seed):
            x = record.detach().clone()[None]
            others = backgrounds.detach().clone().to(x)
            slope(x)  # refuses what has no gradient
            score = Score(slope, x.dtype)
            with torch.no_grad():
                explainer = shap().GradientExplainer(score, others, batch_size=slope.batch)
            found = explainer.shap_values(x, nsamples=self.budget, rseed=self.seed % 2**32)
        return Estimate.singly(torch.from_numpy(found[0, ..., 0]).double(), None)


class Score(nn.Module):
    """The score, as the one output of a module that has no parts.

    shap sets the mode and clears the gradients of what it is given; the network keeps its own.
    """

    def __init__(self, slope: Slope, dtype: torch.dtype):
        super().__init__()
        self.of, self.dtype = (slope,), dtype

    def forward(self, x: Tensor) -> Tensor:
        """`(sample, …)`, in single precision from shap, to `(sample, 1)`."""
        (slope,) = self.of
        slope.evaluations += len(x)
        parts = x.to(self.dtype).split(slope.batch)
        scores = [logits(slope.predict, part) @ slope.weights.clone() for part in parts]
        return torch.cat(scores)[:, None]
