"""Scores of several classes a record, each with its interval, chance and p, from one set of draws.

Groups are drawn once, and every number of every class is of these draws; labels are permuted once,
as whole rows, so that classes that go together stay together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from tremor.evaluation.bootstrap import Evidence, Judged
from tremor.evaluation.measured import Asked, against
from tremor.evaluation.metrics import Floats, Index, mean_known
from tremor.evaluation.multilabel_answers import Answers
from tremor.evaluation.multilabel_challenge import Challenge, normalised
from tremor.evaluation.multilabel_metrics import Mask, labelled_areas
from tremor.evaluation.multilabel_weighed import (
    MEANS,
    OF_ANSWERS,
    Pair,
    answers_of,
    areas_of,
    mean_of,
    ratio,
)
from tremor.evaluation.scoring import Draws, Plain, Scorer, plain, wider

FEWEST_A_SIDE = 5
"""Groups with a class, and without it, that its intervals need.

Measured: of 5 groups with it, 95 % intervals of the AUROC hold the truth in 91 to 93 % of worlds.
"""


class OfClass(Scorer):
    """One question under the draws of all: those groups that are asked it."""

    def __init__(self, judged: Judged, groups: Index, shared: Draws):
        self.draws, self.level, self.seed = shared.draws, shared.level, shared.seed
        self.groups, self.strata = len(groups), shared.strata
        self.counts, self.undefined = shared.counts[:, groups], 0
        self.judged, self.background = judged, None
        self.sizes = judged.class_groups()
        self.enough = shared.enough and int(self.sizes.min()) >= FEWEST_A_SIDE
        self.averages = Evidence.averaged(self.sizes)


@dataclass(frozen=True)
class Scores:
    """The scores of some answers; a pair is what they are as a whole, and in each draw."""

    answers: Answers
    asked: Asked
    challenge: Challenge | None = None

    @cached_property
    def shared(self) -> Draws:
        """The draws of groups that all scores come from."""
        asked = self.asked
        return Draws(self.answers.group_labels, asked.draws, asked.level, asked.seed)

    @cached_property
    def of_class(self) -> list[OfClass]:
        """Each question by itself, under the same draws."""
        answers = self.answers
        return [OfClass(*answers.of_class(k), self.shared) for k in range(len(answers.classes))]

    @cached_property
    def judged(self) -> list[int]:
        """The classes that some record has and another has not."""
        return [k for k, sizes in enumerate(self.answers.group_sizes) if sizes.min() > 0]

    @cached_property
    def areas(self) -> dict[str, Pair]:
        """AUROC and average precision of each class, `(class,)` and `(draw, class)`."""
        return areas_of(self.answers, self.shared.counts)

    @cached_property
    def by_class(self) -> dict[str, Pair]:
        """F1, precision, recall and specificity of each class's answers."""
        found = [answers_of(self.answers, counts) for counts in self._both]
        return {name: (found[0][name][0], found[1][name]) for name in found[0]}

    @cached_property
    def macro(self) -> dict[str, Pair]:
        """Means over classes, and scores of all classes at once; in order of their weight."""
        found = {name: mean_of(self.areas[name.removeprefix("macro_")]) for name in MEANS}
        for name, score in OF_ANSWERS.items():
            whole, drawn = (score(self.answers, counts) for counts in self._both)
            found[name] = (whole[0], drawn)
        if self.challenge is not None:
            whole, drawn = (self._challenge(self.challenge, counts) for counts in self._both)
            found["challenge"] = (whole[0], drawn)
        return found

    @property
    def _both(self) -> tuple[Floats, Floats]:
        """Every group once, and the draws."""
        return np.ones((1, self.answers.groups)), self.shared.counts

    def _challenge(self, challenge: Challenge, counts: Floats) -> Floats:
        answers = self.answers
        earned = challenge.earned(answers.labels, answers.predicted)
        each, ends = answers.sums(earned), answers.sums(challenge.bounds(answers.labels))
        return normalised(counts @ each, counts @ ends)

    @cached_property
    def null(self) -> dict[str, Floats]:
        """Scores under permuted labels: `(permutation, class)`, and `(permutation,)` of all."""
        _, said, combinations = self.answers.coded
        codes = self.asked.permuted(self.answers.rows_of_labels)
        each = [self._null_of(k, combinations.astype(np.int8)[:, k][codes]) for k in self._all()]
        found = {name: np.stack([one[name] for one in each], -1) for name in each[0]}
        made = {f"macro_{name}": mean_known(found[name]) for name in ("auroc", "auprc", "f1")}
        right, sizes = found.pop("right").sum(-1), found.pop("sizes").sum(-1)
        made["micro_f1"] = ratio(2 * right, sizes)
        known: Mask = np.asarray((combinations >= 0).all(1))
        whole = known[codes]
        made["exact_match"] = ratio(((codes == said) & whole).sum(1), whole.sum(1))
        if self.challenge is not None:
            made["challenge"] = self._null_challenge(self.challenge, combinations, codes)
        return found | made

    def _null_challenge(self, challenge: Challenge, combinations: Index, codes: Index) -> Floats:
        said = self.answers.predicted
        earned = [challenge.earned(combinations[row], said).sum() for row in codes]
        ends = challenge.bounds(combinations)[codes].sum(1)
        return normalised(np.array(earned), ends)

    def _all(self) -> range:
        return range(len(self.answers.classes))

    def _null_of(self, label: int, labels: np.ndarray) -> dict[str, Floats]:
        """One class under permuted labels `(permutation, record)`."""
        auroc, auprc = labelled_areas(labels, self.answers.chances[:, label])
        said = self.answers.predicted[:, label].astype(float)
        right, known = (labels == 1) @ said, (labels >= 0) @ said
        sizes = (labels == 1).sum(1) + known
        f1 = ratio(2 * right, sizes)
        return {"auroc": auroc, "auprc": auprc, "f1": f1, "right": right, "sizes": sizes}

    @cached_property
    def evidence(self) -> Evidence | None:
        """How sure a mean over classes can be; nothing where one has or lacks a single group."""
        sizes = self.answers.group_sizes[self.judged].min(1)
        return Evidence.averaged(sizes) if len(sizes) else None

    @property
    def prevalence(self) -> Floats:
        """The share `(class,)` of known records that have each; not a number where none is."""
        labels = self.answers.labels
        return ratio((labels == 1).sum(0), (labels >= 0).sum(0))

    def overall(self) -> Plain:
        """Scores over all classes, the first of which is the verdict's own."""
        chances = {
            "macro_auroc": 0.5,
            "macro_auprc": float(mean_known(self.prevalence[self.judged])),
            "exact_match": self._commonest(),
            "challenge": 0.0,
        }
        found = {}
        for name, (whole, drawn) in self.macro.items():
            value = float(whole)
            pooled = name in ("micro_f1", "exact_match", "challenge")
            score = (
                self.shared.value(value, drawn)
                if pooled
                else self.shared.known(value, drawn, self.evidence)
            )
            found[name] = score | against(value, self.null[name], chances.get(name))
        return found

    def _commonest(self) -> float:
        """The share of the most frequent combination: what one answer for all would reach."""
        codes = self.answers.coded[0][self.answers.whole]
        return float(np.bincount(codes).max() / len(codes)) if len(codes) else np.nan

    def single(self, label: int) -> Iterator[tuple[str, Plain]]:
        """The scores of one class; precision, recall and specificity have no p."""
        scorer, share = self.of_class[label], float(self.prevalence[label])
        called = float(scorer.judged.predicted.mean()) if scorer.groups else np.nan
        levels = {
            "auroc": 0.5,
            "auprc": share,
            "precision": share,
            "recall": called,
            "specificity": 1 - called,
        }
        for name, (whole, draws) in (self.areas | self.by_class).items():
            value, drawn = float(whole[label]), draws[:, label]
            if name in ("auroc", "auprc", "f1"):
                tested = against(value, self.null[name][:, label], levels.get(name))
            else:
                tested = {"chance": plain(levels[name])}
            known = scorer.area if name == "auroc" else scorer.known
            score = known(value, drawn, self._evidence_of(scorer, name))
            yield name, (wider(score, 2.0) if name == "auprc" else score) | tested

    def said(self) -> Plain:
        """How the intervals were made; draws count as undefined where any score is."""
        lost = max(draws.undefined for draws in (self.shared, *self.of_class))
        return self.shared.said() | {"undefined_draws": lost}

    def _evidence_of(self, scorer: OfClass, name: str) -> Evidence | None:
        """Areas rest on the groups of both sides, recall on those that have the class."""
        if name in ("auroc", "auprc"):
            return scorer.averages
        return Evidence.averaged(scorer.sizes[[int(name != "specificity")]])
