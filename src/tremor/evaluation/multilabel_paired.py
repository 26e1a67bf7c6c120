"""One metric of several runs whose records have several classes, under one set of event draws.

As `paired` has it for one class a record; but areas under curves are no sums over events, so that
predictions are swapped record by record, by weights. Probabilities count by their rank in their own
run and class: a run that is surer of everything is not told by that when two are mixed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from tremor.evaluation.bootstrap import Evidence, draw_groups, strata
from tremor.evaluation.chance import p_value
from tremor.evaluation.delong import Area
from tremor.evaluation.metrics import Floats, Index
from tremor.evaluation.multilabel_answers import Answers
from tremor.evaluation.multilabel_weighed import AREA, score_of
from tremor.evaluation.paired import Draws, Score
from tremor.evaluation.runs import Run

POOLED = ("micro_f1", "exact_match")
"""Scores in which a rare class counts as it occurs."""


class DrawsOfSeveral(Draws):
    """One metric of runs with the same classes, several of which a record may have."""

    def __init__(self, runs: Sequence[Run], metric: str, draws: int, level: float, seed: int):
        self.metric, self.draws, self.level, self.seed = metric, draws, level, seed
        self._areas: dict[tuple[int, ...], Area | None] = {}
        names = np.array(sorted({g for run in runs for g in run.predictions["group"]}), object)
        self.answers = [_answers(run, names) for run in runs]
        own = [answers.group_labels for answers in self.answers]
        self.asked = np.array([np.isin(np.arange(len(names)), a.rows) for a in self.answers])
        self.labels = np.asarray(np.array(own)[self.asked.argmax(0), np.arange(len(names))])
        drawn = np.vstack([np.ones(len(names)), draw_groups(self.labels, draws, seed)])
        table = np.stack([score_of(metric, answers, drawn) for answers in self.answers], axis=1)
        self.values, self.table = table[0], table[1:]

    def events(self, members: Sequence[int]) -> Index:
        """The events `(event,)` that some runs judged, by their places."""
        return np.flatnonzero(self.asked[list(members)].any(0)).astype(np.int64)

    def mean(self, members: Sequence[int]) -> Score:
        """As of any metric; the area of one run over independent records has DeLong's interval."""
        found = super().mean(members)
        area = self._area(members) if len(members) == 1 and found.ends else None
        ends = area.ends(self.level) if area else None
        return found if ends is None else Score(found.value, *ends)

    def difference(self, first: list[list[int]], second: list[list[int]]) -> Score:
        """As of any metric; by DeLong where that is `way`."""
        found = super().difference(first, second)
        area = self._difference(first, second) if found.ends else None
        return found if area is None else Score(found.value, *area.apart(self.level))

    def way(self, first: list[list[int]], second: list[list[int]]) -> str:
        """DeLong's test, of the areas of two runs over the same independent records."""
        return "DeLong" if self._difference(first, second) else ""

    def _difference(self, first: list[list[int]], second: list[list[int]]) -> Area | None:
        members = [run for sets in (first, second) for one in sets for run in one]
        return self._area(members) if len(members) == 2 else None

    def _area(self, members: Sequence[int]) -> Area | None:
        """The area of one run or the difference of two, found once."""
        key = tuple(members)
        if key not in self._areas:
            self._areas[key] = self._found_area(key)
        return self._areas[key]

    def _found_area(self, members: Sequence[int]) -> Area | None:
        """It is defined where each record is an event of its own."""
        runs = [self.answers[run] for run in members]
        one = runs[0]
        alone = len(one.classes) == 2 and len(np.unique(one.rows)) == len(one.rows)
        if self.metric != AREA or not alone or (one.labels.sum(0) < 2).any():
            return None
        places = [np.argsort(run.rows) for run in runs]
        scores = [run.chances[at, 1] for run, at in zip(runs, places, strict=True)]
        return Area.of(one.labels[places[0], 1] == 1, *scores)

    def _evidence(self, events: Index) -> Evidence | None:
        """How much some events tell of the metric."""
        if self.metric in POOLED:
            return Evidence.pooled(len(events), len(np.unique(strata(self.labels)[events])))
        sides = np.stack([_sides(answers)[events] for answers in self.answers]).any(0)
        sizes = sides.sum(0).min(-1)
        return Evidence.averaged(sizes) if sizes.any() else None

    def swapped(self, first: list[list[int]], second: list[list[int]], swaps: int) -> float:
        """Two-sided p: predictions change sides event by event, in all sets of records alike.

        Several runs of one set of records are mixed each with one of the other side, or with each
        where they are not as many. By DeLong where that is `way`.
        """
        if (area := self._difference(first, second)) is not None:
            return area.p
        pairs = [_pairs(one, other) for one, other in zip(first, second, strict=True)]
        seen = sum(self._apart(its, np.zeros((1, len(self.labels))))[0] for its in pairs)
        flips = np.random.default_rng((self.seed, 2)).integers(0, 2, (swaps, len(self.labels)))
        drawn = sum(self._apart(its, flips.astype(np.float64)) for its in pairs)
        return p_value(abs(float(seen)), np.abs(np.asarray(drawn)))

    def _apart(self, pairs: Sequence[tuple[int, int]], flips: Floats) -> Floats:
        """The mean difference of some pairs of runs after each swap."""
        found = np.zeros(len(flips))
        for a, b in pairs:
            mixed = _both(self.answers[a], self.answers[b])
            for sign, weights in ((1, [1 - flips, flips]), (-1, [flips, 1 - flips])):
                found += sign * score_of(self.metric, mixed, np.hstack(weights)) / len(pairs)
        return found


def one_hot(run: Run) -> Run:
    """A run of one class a record, as one that is asked of each class whether it is that."""
    table, made = run.predictions, {}
    for place, name in enumerate(run.classes):
        for kind in ("label", "predicted"):
            made[f"{kind}_{name}"] = (table[kind] == place).astype(np.int64)
        made[f"p_{name}"] = table[f"p_{name}"]
    return replace(run, predictions=pd.DataFrame({"group": table["group"], **made}))


def _answers(run: Run, names: np.ndarray) -> Answers:
    """A run's answers, by rank, with its groups by their places in `names`."""
    answers = Answers.of(run.predictions, run.classes)
    places = pd.Index(names).get_indexer(pd.Index(answers.names)).astype(np.int64)
    ranks = rankdata(answers.chances, axis=0) / max(len(answers.labels), 1)
    return replace(answers, chances=ranks, rows=places[answers.rows], names=names)


def _sides(answers: Answers) -> np.ndarray:
    """Which groups have a record with each class, and one without: `(group, class, 2)`."""
    has = np.stack([answers.labels == 0, answers.labels == 1], -1)
    return np.asarray(answers.sums(has) > 0)


def _pairs(first: Sequence[int], second: Sequence[int]) -> list[tuple[int, int]]:
    whole: Iterator[tuple[int, int]] = product(first, second)
    return list(zip(first, second, strict=True) if len(first) == len(second) else whole)


def _both(one: Answers, other: Answers) -> Answers:
    """The records of two runs together, the groups of the second counted on from the first's."""
    names = np.concatenate([one.names, other.names])
    return replace(
        one,
        labels=np.concatenate([one.labels, other.labels]),
        predicted=np.concatenate([one.predicted, other.predicted]),
        chances=np.concatenate([one.chances, other.chances]),
        rows=np.concatenate([one.rows, other.rows + one.groups]),
        names=names,
    )
