"""One head among precursors alone: does it tell their classes apart, or only that they are some?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from tremor.evaluation import metrics
from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.chance import matrices, p_value
from tremor.evaluation.measured import Asked, against, part
from tremor.evaluation.metrics import Index
from tremor.evaluation.scoring import Plain, share

SCORES = ("accuracy", "balanced_accuracy")


def within(judged: Judged, classes: Sequence[str], asked: Asked) -> Plain | None:
    """Scores among the records whose true class is not the background; `None` without any.

    The background is class 0. Keys, where a score is `{value, lo, hi, chance, p}`::

        records, groups: int      precursors, and the groups that they are of
        class_records: {class: n} of every class but the background
        detected: float           share of them that this head calls a precursor, of any class
        accuracy, balanced_accuracy: score            background as an answer is wrong
        told_accuracy, told_balanced_accuracy: score  the likeliest class but the background:
                                                      as if it were told that it is a precursor

    Chance is always the most frequent of these classes, or 1 / those that occur; p is of labels
    permuted between the groups of precursors, or of draws at or below chance, whichever is larger:
    who often says that there is nothing is below chance, and so are all permuted answers.
    """
    if not (judged.labels > 0).any():
        return None
    inside = part(judged, judged.labels > 0)
    told = 1 + inside.chances[:, 1:].argmax(1)
    counts = np.bincount(inside.labels, minlength=judged.classes)[1:]
    found: Plain = {
        "records": len(inside.labels),
        "groups": inside.groups,
        "class_records": {c: int(n) for c, n in zip(classes[1:], counts, strict=True)},
        "detected": float((inside.predicted > 0).mean()),
    }
    labels = asked.permuted(inside)
    found |= _scores(inside, labels, asked)
    told_scores = _scores(replace(inside, predicted=told), labels, asked)
    return found | {f"told_{name}": score for name, score in told_scores.items()}


def _scores(inside: Judged, labels: Index, asked: Asked) -> Plain:
    """Both scores of one set of answers; `labels` are the permuted ones."""
    scorer = asked.scorer(inside)
    whole, drawn = (metrics.from_confusion(matrix) for matrix in scorer.matrices())
    null = metrics.from_confusion(matrices(labels, inside))
    counts = np.bincount(inside.labels)
    levels = (float(counts.max() / counts.sum()), float(1 / (counts > 0).sum()))
    found = {}
    for name, level in zip(SCORES, levels, strict=True):
        value = float(whole[name])
        score = share(partial(scorer.metric, name), value, drawn[name])
        found[name] = score | against(value, null[name], level)
        if found[name]["p"] is not None:
            found[name]["p"] = max(found[name]["p"], p_value(-level, -drawn[name]))
    return found
