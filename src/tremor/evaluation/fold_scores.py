"""Scores of a cross-validation: one line for each, with every fold's value and the pooled one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tremor.evaluation import metrics
from tremor.evaluation.metrics import Floats
from tremor.evaluation.multilabel_answers import Answers
from tremor.evaluation.multilabel_weighed import METRICS, answers_of, score_of
from tremor.evaluation.runs import Plain
from tremor.evaluation.scoring import plain

MAIN = ("balanced_accuracy", "macro_f1", "accuracy", "mcc")
WITHIN = ("within_accuracy", "within_balanced_accuracy")
RECALL = "recall/"
JOINT = "joint_accuracy"


@dataclass(frozen=True)
class Line:
    """One score of one head: its value in each fold, and pooled `{value, lo, hi, chance, p}`.

    `None` where it is not defined: a fold without the class, too few events for an interval.
    """

    head: str
    metric: str
    folds: tuple[float | None, ...]
    pooled: Plain

    @property
    def known(self) -> list[float]:
        """The values of the folds that have one."""
        return [value for value in self.folds if value is not None]

    @property
    def mean(self) -> float | None:
        """The mean over the folds that have a value."""
        return float(np.mean(self.known)) if self.known else None

    @property
    def sd(self) -> float | None:
        """The standard deviation over the folds; `None` for fewer than two."""
        return float(np.std(self.known, ddof=1)) if len(self.known) > 1 else None


def lines(said: pd.DataFrame, folds: Sequence[int], verdict: Plain) -> list[Line]:
    """The lines of pooled predictions `said` (with `fold`), and of the verdict on them."""
    if "called" in verdict:
        return list(_lines_of_several(said, folds, verdict))
    if "heads" not in verdict:
        return list(_lines("", said, folds, verdict, {}))
    found = []
    for head, own in verdict["heads"].items():
        columns = {f"label_{head}": "label", f"predicted_{head}": "predicted"}
        rows = said[["fold", *columns]].rename(columns=columns)
        inside = verdict["within"].get(head, {})
        found += list(_lines(head, rows[rows["label"] >= 0], folds, own, inside))
    if "joint" in verdict:
        found.append(_joint(said, folds, verdict))
    return found


def _lines(
    head: str, rows: pd.DataFrame, folds: Sequence[int], verdict: Plain, inside: Plain
) -> Iterator[Line]:
    """The lines of one head; `inside` are its pooled scores among precursors."""
    classes = verdict["classes"]
    each = [scores(matrix_of(rows[rows["fold"] == fold], len(classes)), classes) for fold in folds]
    pooled = {name: verdict["metrics"][name] for name in MAIN}
    pooled |= {name: inside[name.removeprefix("within_")] for name in WITHIN if inside}
    pooled |= {f"{RECALL}{name}": verdict["per_class"][name]["recall"] for name in classes}
    empty = {"value": None, "lo": None, "hi": None, "chance": None, "p": None}
    for name, score in pooled.items():
        whole = empty | {key: score.get(key) for key in empty}
        yield Line(head, name, tuple(fold[name] for fold in each), whole)


def _lines_of_several(said: pd.DataFrame, folds: Sequence[int], verdict: Plain) -> Iterator[Line]:
    """The lines of runs whose records may have several classes at once."""
    classes = verdict["classes"]
    each = [Answers.of(said[said["fold"] == fold], classes) for fold in folds]
    for name in METRICS:
        found = [score_of(name, answers, np.ones((1, answers.groups)))[0] for answers in each]
        yield Line("", name, tuple(plain(float(v)) for v in found), verdict["metrics"][name])
    recalls = [answers_of(it, np.ones((1, it.groups)))["recall"][0] for it in each]
    for place, name in enumerate(classes):
        whole = verdict["per_class"][name]["recall"] | {"p": None}
        found = [plain(float(recall[place])) for recall in recalls]
        yield Line("", f"{RECALL}{name}", tuple(found), whole)


def main_of(verdict: Plain) -> str:
    """The score that a verdict is known by."""
    return "macro_auroc" if "called" in verdict else "balanced_accuracy"


def scores(matrix: Floats, classes: Sequence[str]) -> dict[str, float | None]:
    """Every score of `(true class, predicted class)`; within precursors the first row is left out.

    `None` where nothing is there to be scored.
    """
    whole, inside = matrix, matrix.copy()
    inside[0] = 0
    found = {name: metrics.from_confusion(whole)[name] for name in MAIN}
    within = metrics.from_confusion(inside)
    found |= {name: within[name.removeprefix("within_")] for name in WITHIN}
    recall = metrics.by_class(whole)["recall"]
    found |= {f"{RECALL}{name}": recall[place] for place, name in enumerate(classes)}
    if not whole.any():
        return dict.fromkeys(found)
    return {name: plain(float(value)) for name, value in found.items()}


def matrix_of(rows: pd.DataFrame, classes: int) -> Floats:
    """Confusion counts `(true class, predicted class)`."""
    labels, said = (rows[name].to_numpy(np.int64) for name in ("label", "predicted"))
    whole = np.zeros(len(rows), np.int64)
    return np.asarray(metrics.confusion(labels, said, whole, classes, 1)[0], np.float64)


def _joint(said: pd.DataFrame, folds: Sequence[int], verdict: Plain) -> Line:
    """How often every head is right, of the records whose answers are all known."""
    heads = list(verdict["heads"])
    labels, answers = (
        said[[f"{kind}_{head}" for head in heads]].to_numpy() for kind in ("label", "predicted")
    )
    known, right = (labels >= 0).all(1), (labels == answers).all(1)
    values = []
    for fold in folds:
        its = right[known & (said["fold"] == fold).to_numpy()]
        values.append(float(its.mean()) if len(its) else None)
    return Line("", JOINT, tuple(values), verdict["joint"]["accuracy"])
