"""LIME in two levels: windows of the whole record, then the leads within the windows that count.

Cells add up to the windows' slopes, so that a map is one whole: leads of a window are its slope,
shared out. LIME's slopes of single leads, in the context of all else, need not add up to the
window's; they keep their proportions (as a normalised Banzhaf index does) as far as both have one
sign and are of one size, and what is then left over goes evenly to all leads.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from tremor.explain.calls import told
from tremor.explain.estimate import Estimate
from tremor.explain.estimators.lime import FITS
from tremor.explain.explanation import Explanation, of_players
from tremor.explain.levels import Levels, grouped, highest, laid
from tremor.explain.links import Link, linked
from tremor.explain.methods import ByPlayers, Case, Made, players_of

STRETCH = 4.0  # how far slopes of leads may be stretched, or shrunk, to meet their window's
BUDGET = 1000  # evaluations, where none are given


class WindowLime(ByPlayers):
    """Slopes of windows, and of leads within the `topk_events` of the largest slopes (null: all).

    `event_share` of the evaluations go to the windows, the rest evenly to the leads of each of
    the chosen ones.
    """

    def __init__(
        self,
        players: Made,
        fill: Made,
        estimator: Made,
        link: Link,
        topk_events: int | None = 5,
        event_share: float = 0.4,
        budget: int | str | None = None,
    ):
        super().__init__(players, fill, estimator, budget)
        self.link, self.topk_events, self.event_share = link, topk_events, event_share

    def __call__(self, case: Case, evaluations: int | None = None) -> Explanation:
        levels = Levels.of(linked(self.game(case), self.link))
        coalitions = (evaluations or BUDGET) // levels.game.cost
        first = self._estimator(int(self.event_share * coalitions), levels.windows, case.seed)
        windows = first(grouped(levels.game, levels.window))
        chosen = highest(windows.values, self.topk_events).tolist() if levels.leads > 1 else []
        each = int((1 - self.event_share) * coalitions) // max(1, len(chosen))
        within = {}
        for window in chosen:
            estimator = self._estimator(each, levels.leads, case.seed + 1 + window)
            within[window] = estimator(grouped(levels.game, levels.within(window)))
        estimate = joined(levels, windows, within)
        found = of_players(levels.game, estimate, case.axes, first)
        own = {"topk_events": self.topk_events, "event_share": self.event_share}
        told_of = found.settings | own | {"link": type(self.link).__name__}
        return replace(found, method=type(self).__name__, settings=told_of)

    def least(self, case: Case) -> int:
        """Evaluations that tell all windows, and the leads of those looked into, apart."""
        grid = players_of(self.players, case).grid
        windows = Levels.sizes(grid)[1]
        most = windows if self.topk_events is None else min(self.topk_events, windows)
        shares = (
            self._least(windows) / self.event_share,
            most * (self._least(grid[0]) + 1) / (1 - self.event_share),
        )
        return (int(max(shares)) + 1) * len(self.fill(case)(case.record))

    def _least(self, players: int) -> int:
        return int(told(self.estimator, budget=0, seed=0).least(players))

    def _estimator(self, budget: int, players: int, seed: int) -> Any:
        """The estimator of one level, with no less than it needs."""
        return told(self.estimator, budget=max(budget, self._least(players)), seed=seed)


def joined(levels: Levels, windows: Estimate, within: dict[int, Estimate]) -> Estimate:
    """Windows, the leads apart in those that were looked into, for the players of the game."""
    whole = laid(levels.game, levels.window, windows)
    assert whole.errors is not None
    leaf = levels.window.clone()
    for window, leads in within.items():
        assert windows.errors is not None
        place = levels.window == window
        error = float(windows.errors[window])
        values, errors = shared(leads, float(windows.values[window]), error)
        whole.values[place], whole.errors[place] = values, errors
        leaf[place] = levels.windows + window * levels.leads + levels.lead[place]
    fits = [leads.trust["surrogate_r2"] for leads in within.values()]
    trust = windows.trust | ({"leads_r2": min(fits)} if fits else {})
    poor = sum(fit < FITS for fit in fits)
    said = f"leads are not to be read in {poor} of {len(fits)} windows looked into" * bool(poor)
    return replace(whole, leaf=leaf, trust=trust, note="; ".join(filter(None, (whole.note, said))))


def shared(leads: Estimate, whole: float, error: float) -> tuple[Tensor, Tensor]:
    """A window's slope, shared out by those of its leads: `(lead,)`, with standard errors.

    Errors are those of the leads, stretched alike, and the window's own by what each lead gets.
    """
    assert leads.errors is not None
    ratio = whole / float(leads.values.sum()) if float(leads.values.sum()) else 0.0
    stretch = min(max(ratio, 1 / STRETCH), STRETCH) if ratio > 0 else 1.0
    values = stretch * leads.values
    values = values + (whole - values.sum()) / len(values)
    size = values.abs().sum()
    share = values.abs() / size if float(size) else torch.full_like(values, 1 / len(values))
    return values, ((stretch * leads.errors) ** 2 + (share * error) ** 2).sqrt()
