"""Values with intervals: every number of a verdict comes from the same draws of groups."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any, Self

import numpy as np

from tremor.evaluation import metrics
from tremor.evaluation.bootstrap import (
    AVERAGED,
    FEWEST,
    Evidence,
    Judged,
    draw_groups,
    interval,
    strata,
)
from tremor.evaluation.delong import WAY, Area
from tremor.evaluation.metrics import Floats, Index

Plain = dict[str, Any]
METHOD = "percentile bootstrap over groups{}, expanded for few groups"


class Draws:
    """Draws of groups, `counts` `(draw, group)`, within the classes of `labels` `(group,)`."""

    def __init__(self, labels: Index, draws: int, level: float, seed: int):
        self.draws, self.level, self.seed = draws, level, seed
        self.groups, self.strata = len(labels), len(np.unique(strata(labels)))
        self.enough = self.groups >= FEWEST
        self.counts = draw_groups(labels, draws if self.enough else 1, seed)
        self.undefined = 0

    def value(self, value: float, drawn: Floats) -> Plain:
        """A value with the interval of its draws; nulls where there are too few groups."""
        return self.known(value, drawn, Evidence.pooled(self.groups, self.strata))

    def known(self, value: float, drawn: Floats, evidence: Evidence | None) -> Plain:
        """A value with the interval that its evidence allows; nulls without any."""
        if evidence is None or not self.enough or not np.isfinite(value):
            return {"value": plain(value), "lo": None, "hi": None}
        self.undefined = max(self.undefined, int((~np.isfinite(drawn)).sum()))
        low, high = interval(drawn, value, self.level, *evidence)
        return {"value": plain(value), "lo": plain(low), "hi": plain(high)}

    def share(self, value: float, drawn: Floats, groups: int) -> Plain:
        """A share among `groups` that are a part of all, with the interval of its draws."""
        evidence = Evidence.pooled(groups) if groups >= FEWEST else None
        return share(lambda v, d: self.known(v, d, evidence), value, drawn)

    def said(self) -> Plain:
        """How the intervals were made."""
        within = " within their class" if self.strata > 1 else ""
        method = METHOD.format(within) if self.enough else f"none: fewer than {FEWEST} groups"
        facts = {"draws": self.draws, "seed": self.seed, "undefined_draws": self.undefined}
        return {"method": method, "level": self.level} | facts


class Scorer(Draws):
    """The draws of judged predictions, with what is counted in each.

    Scores that average classes have an interval where each class that occurs has two groups or
    more; with a `background` class, also `FEWEST` groups of other classes.
    """

    def __init__(
        self, judged: Judged, draws: int, level: float, seed: int, background: int | None = None
    ):
        super().__init__(judged.group_labels(), draws, level, seed)
        self.judged, self.background = judged, background
        self.sizes = judged.class_groups()
        others = len(np.unique(judged.rows[judged.labels != background]))
        self.averages = Evidence.averaged(self.sizes) if others >= FEWEST else None

    def over(self, judged: Judged) -> Self:
        """The same draws of other answers about the same records."""
        other = copy(self)
        other.judged = judged
        return other

    def metric(self, name: str, value: float, drawn: Floats) -> Plain:
        """One of the scores of `metrics` with its interval, from its values `drawn (draw,)`."""
        if name == "auroc":
            return self.area(value, drawn, self.averages)
        if name not in AVERAGED:
            return self.value(value, drawn)
        found = self.known(value, drawn, self.averages)
        present = int((self.sizes > 0).sum())
        return wider(found, present / (present - 1)) if name == "mcc" and present > 1 else found

    def of_class(self, label: int, value: float, drawn: Floats) -> Plain:
        """A score of one class, with the interval that its own groups allow."""
        return self.known(value, drawn, Evidence.averaged(self.sizes[[label]]))

    def lacking(self, classes: Sequence[str]) -> str:
        """Why scores that average classes have no interval, where there are groups enough."""
        if not self.enough or self.averages:
            return ""
        alone = [name for name, n in zip(classes, self.sizes, strict=True) if n == 1]
        if not alone:
            return f"Fewer than {FEWEST} events that are not {classes[self.background or 0]}"
        if len(alone) == 1:
            return f"Class {alone[0]} has a single event"
        return f"Classes {', '.join(alone)} have a single event each"

    def matrices(self, predicted: Index | None = None) -> tuple[Floats, Floats]:
        """The confusion matrix, and those of all draws `(draw, class, class)`."""
        j = self.judged
        said = j.predicted if predicted is None else predicted
        each = metrics.confusion(j.labels, said, j.rows, j.classes, j.groups)
        return each.sum(0), np.tensordot(self.counts, each, axes=1)

    def areas(self) -> tuple[float, Floats]:
        """AUROC, and that of all draws, `(draw,)`."""
        j = self.judged
        whole = metrics.auroc(j.labels, j.chances, np.ones((1, len(j.labels))))[0]
        return float(whole), metrics.auroc(j.labels, j.chances, self.counts[:, j.rows])

    @property
    def independent(self) -> bool:
        """Whether each record is a group of its own, of one of two classes."""
        labels = self.judged.labels
        both = bool((np.bincount(labels, minlength=2) > 1).all())
        return self.judged.classes == 2 and both and len(labels) == self.judged.groups

    def area(self, value: float, drawn: Floats, evidence: Evidence | None) -> Plain:
        """AUROC with its interval: DeLong's where records are independent, else that of draws."""
        found = wider(self.known(value, drawn, evidence), 2.0)
        if found["lo"] is None or not self.independent:
            return found
        ends = Area.of(self.judged.labels == 1, self.judged.chances[:, 1]).ends(self.level)
        return found if ends is None else found | {"lo": ends[0], "hi": ends[1], "by": WAY}


def wider(score: Plain, loss: float) -> Plain:
    """A score of 1 with the room below it: it loses `loss` times what balanced accuracy does.

    No error was seen, and one of a class may cost more than its share of the mean recall: for an
    AUROC a record of one class may lie beyond all of the other.
    """
    if score["value"] != 1.0 or score["lo"] is None:
        return score
    return score | {"lo": 1 - loss * (1 - score["lo"])}


def share(score: Callable[[float, Floats], Plain], value: float, drawn: Floats) -> Plain:
    """A share as `score` has it; where it is 0, as uncertain as where no failure was seen."""
    if value != 0.0:
        return score(value, drawn)
    low = score(1.0, 1 - drawn)["lo"]
    ends = {"lo": None, "hi": None} if low is None else {"lo": 0.0, "hi": 1 - low}
    return {"value": 0.0} | ends


def plain(value: float) -> float | None:
    """A number that JSON can hold."""
    return float(value) if np.isfinite(value) else None
