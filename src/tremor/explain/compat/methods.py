"""The earlier LIME and TimeSHAP as methods; each map holds the spans of its five leads only."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from tremor.explain.arrange import tiles
from tremor.explain.compat import CIRCULAR, kernel_shap, lime
from tremor.explain.compat.spans import Weights, painted
from tremor.explain.estimate import Estimate
from tremor.explain.explanation import Explanation, of_cells
from tremor.explain.fills import Zero
from tremor.explain.game import masked
from tremor.explain.levels import Levels
from tremor.explain.methods import Case, Method
from tremor.explain.units import step

SECONDS = 0.5  # windows of classes that are not listed
LEADS = 5  # of the highest scores are kept


class Earlier(Method):
    """What both have in common: zeros for what is absent, windows and lead priors by class."""

    def __init__(self, windows: Mapping[str, float], priors: Mapping[str, Mapping[str, float]]):
        self.windows, self.priors = windows, priors
        self.budget = None

    def __call__(self, case: Case, evaluations: int | None = None) -> Explanation:
        levels = self.levels(case)
        found = self.weights(levels, case)
        rate = 1 / (step(case.axes[-1]) or 1.0)
        spans = found.spans([str(name) for name in case.axes[0].values], rate, LEADS)
        labels = levels.game.players.labels
        cells = Estimate(painted(spans, case.axes), None, labels, complete=False, note=CIRCULAR)
        ends = levels.game.empty, levels.game.full
        made = of_cells(cells, ends, levels.game.evaluations, case.axes, self.how)
        settings = made.settings | {"priors": dict(self.priors), "windows": dict(self.windows)}
        return replace(made, method=type(self).__name__, settings=settings)

    def levels(self, case: Case) -> Levels:
        """The game of a case, its windows and leads; `weights` are of these."""
        players = tiles(case.axes, self.windows.get(case.asked, SECONDS), None)
        target, label = case.target, case.label
        return Levels.of(
            masked(case.predict, case.record, players, Zero(), target, label, case.batch)
        )

    def known(self, case: Case) -> Tensor:
        """The priors `(lead,)` for the class that is asked about, 0 for those not listed."""
        listed = self.priors.get(case.asked, {})
        names = map(str, case.axes[0].values)
        return torch.tensor([float(listed.get(n, 0.0)) for n in names], dtype=torch.float64)

    @property
    @abstractmethod
    def how(self) -> Any:
        """Its numbers."""

    @abstractmethod
    def weights(self, levels: Levels, case: Case) -> Weights:
        """Of windows, and of leads in those chosen, as the earlier work tables them."""


class EarlierLime(Earlier):
    """Slopes of probabilities; one seed for all records."""

    def __init__(
        self,
        windows: Mapping[str, float],
        priors: Mapping[str, Mapping[str, float]],
        m_event: int = 100,
        m_feat: int = 100,
        topk_events: int = 5,
        seed: int = 42,
    ):
        super().__init__(windows, priors)
        self._how = lime.Settings(m_event, m_feat, topk_events, seed)

    @property
    def how(self) -> lime.Settings:
        return self._how

    def weights(self, levels: Levels, case: Case) -> Weights:
        return lime.weights(levels, self.known(case), self._how)


class EarlierTimeShap(Earlier):
    """Kernel SHAP of logits."""

    def __init__(
        self,
        windows: Mapping[str, float],
        priors: Mapping[str, Mapping[str, float]],
        m_event: int = 100,
        m_feat: int = 100,
        topk_events: int = 5,
    ):
        super().__init__(windows, priors)
        self._how = kernel_shap.Settings(m_event, m_feat, topk_events)

    @property
    def how(self) -> kernel_shap.Settings:
        return self._how

    def weights(self, levels: Levels, case: Case) -> Weights:
        return kernel_shap.weights(levels, self.known(case), self._how, case.seed)
