"""Values with intervals: every number of a verdict comes from the same draws of groups."""

from __future__ import annotations

from typing import Any

import numpy as np

from tremor.evaluation import metrics
from tremor.evaluation.bootstrap import FEWEST, Judged, draw_groups, interval
from tremor.evaluation.metrics import Floats, Index

Plain = dict[str, Any]
METHOD = "percentile bootstrap over groups{}, expanded for few groups"


class Draws:
    """Draws of groups, `counts` `(draw, group)`, within the classes of `labels` `(group,)`."""

    def __init__(self, labels: Index, draws: int, level: float, seed: int):
        self.draws, self.level, self.seed = draws, level, seed
        self.groups, self.strata = len(labels), len(np.unique(labels))
        self.enough = self.groups >= FEWEST
        self.counts = draw_groups(labels, draws if self.enough else 1, seed)
        self.undefined = 0

    def value(self, value: float, drawn: Floats) -> Plain:
        """A value with the interval of its draws; nulls where there are too few groups."""
        if not self.enough or not np.isfinite(value):
            return {"value": plain(value), "lo": None, "hi": None}
        self.undefined = max(self.undefined, int((~np.isfinite(drawn)).sum()))
        low, high = interval(drawn, value, self.level, self.groups, self.strata)
        return {"value": plain(value), "lo": plain(low), "hi": plain(high)}

    def share(self, value: float, drawn: Floats, groups: int) -> Plain:
        """A share among `groups` that are a part of all, with the interval of its draws."""
        if groups < FEWEST or not np.isfinite(value):
            return {"value": plain(value), "lo": None, "hi": None}
        if value == 0.0:  # no success seen: as uncertain as no failure seen
            turned = self.share(1.0, 1 - drawn, groups)
            return {"value": 0.0, "lo": 0.0, "hi": 1 - turned["lo"]}
        low, high = interval(drawn, value, self.level, groups, 1)
        return {"value": plain(value), "lo": plain(low), "hi": plain(high)}

    def said(self) -> Plain:
        """How the intervals were made."""
        within = " within their class" if self.strata > 1 else ""
        method = METHOD.format(within) if self.enough else f"none: fewer than {FEWEST} groups"
        facts = {"draws": self.draws, "seed": self.seed, "undefined_draws": self.undefined}
        return {"method": method, "level": self.level} | facts


class Scorer(Draws):
    """The draws of judged predictions, with what is counted in each."""

    def __init__(self, judged: Judged, draws: int, level: float, seed: int):
        super().__init__(judged.group_labels(), draws, level, seed)
        self.judged = judged

    def matrices(self, predicted: Index | None = None) -> tuple[Floats, Floats]:
        """The confusion matrix, and those of all draws `(draw, class, class)`."""
        j = self.judged
        said = j.predicted if predicted is None else predicted
        each = metrics.confusion(j.labels, said, j.rows, j.classes, j.groups)
        return each.sum(0), np.tensordot(self.counts, each, axes=1)

    def areas(self) -> tuple[float, Floats]:
        """AUROC, and that of all draws."""
        j = self.judged
        whole = metrics.auroc(j.labels, j.chances, np.ones((1, len(j.labels))))[0]
        return float(whole), metrics.auroc(j.labels, j.chances, self.counts[:, j.rows])


def plain(value: float) -> float | None:
    """A number that JSON can hold."""
    return float(value) if np.isfinite(value) else None
