"""TimeSHAP: Shapley values of windows, of leads, and of leads in the foremost windows.

Each level is complete: its credits sum to what the record is worth beyond its fill. Windows at
both ends that are worth next to nothing can be pruned: they are one player each from then on. (The
first TimeSHAP prunes the past only, which fits networks that the latest steps decide.)
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.calls import told
from tremor.explain.explanation import Explanation, of_players
from tremor.explain.levels import Levels, distinct
from tremor.explain.links import Link, linked
from tremor.explain.methods import ByPlayers, Case, Made, players_of
from tremor.explain.time_shap_levels import Level, Sampler, stretches

BUDGET = 1000  # evaluations, where none are given
ROUND = 1e-6  # of the gain: what float32 leaves of nothing


class TimeShap(ByPlayers):
    """Shapley values at one `level`, by an estimator that samples coalitions.

    Windows from either end are pruned for as long as no stretch up to there is worth more than
    `tolerance`, a share of the gain; null prunes none.
    """

    def __init__(
        self,
        players: Made,
        fill: Made,
        estimator: Made,
        link: Link,
        level: Level,
        tolerance: float | None = None,
        budget: int | str | None = None,
    ):
        super().__init__(players, fill, estimator, budget)
        if tolerance is not None and not 0 <= tolerance < 0.5:
            fault = f"windows are pruned up to {tolerance:g} of the gain"
            raise Refused(fault, "explainer.tolerance", "a share from 0 to below 0.5, or null")
        self.link, self.level, self.tolerance = link, level, tolerance

    def __call__(self, case: Case, evaluations: int | None = None) -> Explanation:
        levels = Levels.of(linked(self.game(case), self.link))
        coalitions = (evaluations or BUDGET) // levels.game.cost
        trust: dict[str, float] = {}
        if self.tolerance is not None:
            coalitions -= 2 * (levels.windows - 1)
            levels, trust = pruned(levels, self.tolerance)
        estimate = self.level(levels, Sampler(self.estimator, case.seed), coalitions)
        found = of_players(levels.game, estimate, case.axes, self.level)
        name, settings = type(self).__name__, self._settings | found.settings
        return replace(found, method=name, settings=settings, trust=found.trust | trust)

    def least(self, case: Case) -> int:
        """Evaluations that tell the players of this level apart, and prune."""
        leads, windows = Levels.sizes(players_of(self.players, case).grid)
        least = self.level.least(leads, windows, Sampler(self.estimator, 0))
        cuts = 0 if self.tolerance is None else 2 * (windows - 1)
        return (least + cuts) * len(self.fill(case)(case.record))

    @property
    def _settings(self) -> dict[str, Any]:
        estimator = told(self.estimator, budget=0, seed=0)
        told_of = {k: v for k, v in asdict(estimator).items() if k not in ("budget", "seed")}
        return told_of | {
            "estimator": type(estimator).__name__,
            "level": type(self.level).__name__,
            "link": type(self.link).__name__,
            "tolerance": self.tolerance,
        }


def pruned(levels: Levels, tolerance: float) -> tuple[Levels, dict[str, float]]:
    """Windows at either end as one each, where all stretches up to there are worth so little.

    With it, how many windows were pruned before and after the others.
    """
    early, late = stretches(levels)
    most = (tolerance + ROUND) * abs(levels.game.gain)
    before, after = _run(early.abs() <= most), _run((late.abs() <= most).flip(0))
    last = levels.windows - after
    window = torch.where(levels.window < before, 0, levels.window)
    window = torch.where(levels.window >= last, last, window)
    told_of = {"pruned_before": float(before), "pruned_after": float(after)}
    return replace(levels, window=distinct(window)), told_of


def _run(true: Tensor) -> int:
    """How many are true from the first on."""
    return int(true.int().cumprod(0).sum())
