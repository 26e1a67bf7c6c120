"""What validation teaches of several classes a record: temperatures, and sets of possible ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.calibration import calibration
from tremor.evaluation.conformal import Sets, fewest_groups, lac, threshold
from tremor.evaluation.multilabel_answers import Answers
from tremor.evaluation.multilabel_metrics import Mask
from tremor.evaluation.multilabel_scores import OfClass, Scores
from tremor.evaluation.scoring import Plain, Scorer, plain
from tremor.evaluation.sets import expected, of_groups
from tremor.evaluation.temperature import scaled

SCHEME = (
    "a class is possible where its probability is at least its threshold: that of the validation "
    "records that have it, by group, for the coverage wanted; expected: where 95 % of coverages "
    "lie when groups are exchangeable; in others: how often it is possible where it is not there"
)


def yes(judged: Judged) -> Judged:
    """One class, as if every answer were that the record has it."""
    return replace(judged, predicted=np.ones_like(judged.predicted))


@dataclass(frozen=True)
class FittedClasses:
    """The scores of some answers, seen through the answers about records of validation."""

    scores: Scores
    validation: Answers

    def scaled(self, label: int, scorer: OfClass) -> Plain:
        """Temperature and calibration after it of one class; nothing where one side lacks."""
        judged, _ = self.validation.of_class(label)
        if len(np.unique(judged.labels)) < 2:
            return {"temperature": {"unavailable": "no record of validation has it, or all have"}}
        asked = self.scores.asked

        def told(its: Scorer) -> Plain:
            return calibration(its, asked.permutations)

        return scaled(scorer, asked.scorer(yes(judged)), told)

    @cached_property
    def _sets(self) -> Sets:
        """A threshold for each class, from the records of validation that have it."""
        answers, coverage = self.validation, self.scores.asked.coverage
        each = []
        for label, has in enumerate((answers.labels == 1).T):
            each.append(threshold(lac(answers.chances[has, label]), answers.rows[has], coverage))
        return Sets(lac, np.array(each), filled=False)

    def sets(self) -> Plain:
        """The sets of possible classes: how often they hold what is there, and how large they are.

        Every class by itself: of the records that have it, so many are to have it in their set.
        """
        answers, shared = self.scores.answers, self.scores.shared
        inside: Mask = self._sets(answers.chances)
        coverage = self.scores.asked.coverage
        has = answers.labels == 1
        above, count = answers.sums((inside & has).sum(1)), answers.sums(has.sum(1))
        sizes = inside.sum(1)
        return {
            "method": "lac_class",
            "wanted": coverage,
            "validation": {
                "records": len(self.validation.labels),
                "groups": self.validation.groups,
            },
            "fewest_groups": fewest_groups(coverage),
            "thresholds": {
                name: plain(float(t))
                for name, t in zip(answers.classes, self._sets.thresholds, strict=True)
            },
            "coverage": of_groups(shared, above, count) | {"chance": coverage},
            "size": {"value": float(sizes.mean())},
            "empty": float((sizes == 0).mean()),
            "sizes": np.bincount(sizes, minlength=len(answers.classes) + 1).tolist(),
            "per_class": {
                name: self._of_class(label, inside[:, label])
                for label, name in enumerate(answers.classes)
                if has[:, label].any()
            },
            "scheme": SCHEME,
        }

    def _of_class(self, label: int, inside: Mask) -> Plain:
        answers, coverage = self.scores.answers, self.scores.asked.coverage
        has, lacks = (answers.labels[:, label] == side for side in (1, 0))
        taught = self.validation.labels[:, label] == 1
        groups = len(np.unique(self.validation.rows[taught]))
        found = of_groups(self.scores.shared, answers.sums(inside & has), answers.sums(has))
        return found | {
            "chance": coverage,
            "expected": expected(groups, found["groups"], coverage),
            "validation_groups": groups,
            "records": int(has.sum()),
            "in_others": plain(float(inside[lacks].mean())) if lacks.any() else None,
        }
