"""Scores of several classes a record, for each row of weights of groups `(draw, group)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tremor.evaluation import metrics
from tremor.evaluation.metrics import Floats, mean_known
from tremor.evaluation.multilabel_answers import Answers
from tremor.evaluation.multilabel_metrics import areas

Pair = tuple[Floats, Floats]
"""What a score is as a whole, and in each draw."""


def areas_of(answers: Answers, counts: Floats) -> dict[str, Pair]:
    """AUROC and average precision of each class, `(class,)`, and by group weights."""
    all_alike = np.ones((1, answers.groups))
    found: list[list[Floats]] = []
    for k in range(len(answers.classes)):
        judged, groups = answers.of_class(k)
        positive, score = judged.labels == 1, judged.chances[:, 1]
        whole, drawn = (
            areas(positive, score, weights[:, groups], judged.rows)
            if len(groups)
            else [np.full(len(weights), np.nan)] * 2
            for weights in (all_alike, counts)
        )
        found.append([whole[0], drawn[0], whole[1], drawn[1]])
    auroc, aurocs, auprc, auprcs = (np.stack(each, -1) for each in zip(*found, strict=True))
    return {"auroc": (auroc[0], aurocs), "auprc": (auprc[0], auprcs)}


def mean_of(pair: Pair) -> Pair:
    """The mean over classes of what is defined."""
    whole, drawn = pair
    return mean_known(whole), mean_known(drawn)


def answers_of(answers: Answers, counts: Floats) -> dict[str, Floats]:
    """F1, precision, recall and specificity of each class, `(draw, class)`."""
    found = metrics.by_class(matrices_of(answers, counts))
    each = {name: found[name][..., 1] for name in ("f1", "precision", "recall")}
    return each | {"specificity": found["recall"][..., 0]}


def matrices_of(answers: Answers, counts: Floats) -> Floats:
    """Counts `(draw, class, true, answered)` by group weights `(draw, group)`."""
    true, said = (
        (of == np.array([0, 1])[:, None, None]) for of in (answers.labels, answers.predicted)
    )
    cells = np.einsum("tnk,snk->nkts", true.astype(float), said.astype(float))
    return np.tensordot(counts, answers.sums(cells), axes=1)


def _macro_f1(answers: Answers, counts: Floats) -> Floats:
    return mean_known(answers_of(answers, counts)["f1"])


def _micro_f1(answers: Answers, counts: Floats) -> Floats:
    """F1 of all answers of all classes."""
    total = matrices_of(answers, counts).sum(1)
    return np.asarray(metrics.by_class(total)["f1"][..., 1], np.float64)


def _exact(answers: Answers, counts: Floats) -> Floats:
    """The share right in every class, of the records whose every label is known."""
    right = (answers.labels == answers.predicted).all(1)
    return ratio(counts @ answers.sums(right), counts @ answers.sums(answers.whole))


def score_of(metric: str, answers: Answers, counts: Floats) -> Floats:
    """One of the scores over all classes, but the Challenge's, for weights `(draw, group)`."""
    if metric in (*MEANS, AREA):
        return mean_known(areas_of(answers, counts)[metric.removeprefix("macro_")][1])
    return OF_ANSWERS[metric](answers, counts)


def ratio(above: Floats | NDArray[Any], below: Floats | NDArray[Any]) -> Floats:
    """A quotient; not a number where nothing is below."""
    above, below = np.asarray(above, np.float64), np.asarray(below, np.float64)
    unknown: Floats = np.full(np.shape(above), np.nan)
    return np.asarray(np.divide(above, below, out=unknown, where=below > 0), np.float64)


MEANS = ("macro_auroc", "macro_auprc")
"""Means of areas over classes."""
AREA = "auroc"
"""The same of classes of which a record has one."""
OF_ANSWERS: dict[str, Callable[[Answers, Floats], Floats]] = {
    "macro_f1": _macro_f1,
    "micro_f1": _micro_f1,
    "exact_match": _exact,
}
"""Scores of the answers at their thresholds."""
METRICS = (*MEANS, *OF_ANSWERS)
"""What can be compared of runs whose records have several classes."""
