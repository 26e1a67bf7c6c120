"""The shap library's own Kernel explainer on our game."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from tremor.errors import Refused
from tremor.explain.estimate import Estimate
from tremor.explain.estimators.shap_library import seeded, shap, worth
from tremor.explain.game import Game


@dataclass(frozen=True)
class ShapKernel:
    """`budget` coalitions, the two ends included; shap has no standard errors.

    Every player is kept: shap's own default gives credit to ten and nothing to the others.
    """

    budget: int = 1000
    seed: int = 0

    def __call__(self, game: Game) -> Estimate:
        n = game.players.count
        if self.budget < min(2**n, 2 * n + 2):
            raise self._refused(n)
        explainer = shap().KernelExplainer(worth(game), np.zeros((1, n)))
        with seeded(self.seed), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Linear regression equation is singular")
            found = explainer.shap_values(
                np.ones((1, n)), nsamples=self.budget - 2, l1_reg=0, silent=True
            )
        if n > 1 and _told_apart(explainer.maskMatrix) < n - 1:
            raise self._refused(n)
        return Estimate.singly(torch.from_numpy(found[0]), None)

    def _refused(self, n: int) -> Refused:
        fault = f"a budget of {self.budget} coalitions for {n} players"
        most = f"{2 * n + 2048} is shap's own choice"
        return Refused(fault, "explainer.budget", f"explainer.budget={4 * n} or more; {most}")


def _told_apart(masks: NDArray[np.float64]) -> int:
    """The rank of what shap solves, which it does not check."""
    return int(np.linalg.matrix_rank(masks - masks.mean(1, keepdims=True)))
