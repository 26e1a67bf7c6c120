"""All heads at once: how often every answer about a record is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.measured import Asked, Mask, against, means, part
from tremor.evaluation.metrics import Index
from tremor.evaluation.scoring import Plain, share


def joint(first: Judged, labels: Index, predicted: Index, asked: Asked) -> Plain | None:
    """The share of records with all heads right; `None` where no record has all labels.

    `labels` and `predicted` are `(record, head)`, -1 where unknown; `first` is the first head on
    the same records. Keys, where a score is `{value, lo, hi, chance, p}`::

        records, groups: int    those whose labels are all known
        accuracy: score         all heads right; chance and p: labels of all heads permuted
                                together between groups
        most_frequent: float    what always answering the most frequent combination would reach
        within: the same four   among precursors (first head not background); None without any
        disagree: {value, lo, hi}  share of records that one head calls background, another not
    """
    known: Mask = np.asarray((labels >= 0).all(1))
    if not known.any():
        return None
    ours, labels, predicted = part(first, known), labels[known], predicted[known]
    scorer = asked.scorer(ours)
    quiet = (predicted == 0).any(1) & (predicted > 0).any(1)
    found = _right(ours, labels, predicted, asked)
    found["within"] = _inside(ours, labels, predicted, asked)
    found["disagree"] = share(scorer.value, *means(scorer, quiet.astype(float)))
    return found


def _inside(first: Judged, labels: Index, predicted: Index, asked: Asked) -> Plain | None:
    keep: Mask = first.labels > 0
    if not keep.any():
        return None
    return _right(part(first, keep), labels[keep], predicted[keep], asked)


def _right(first: Judged, labels: Index, predicted: Index, asked: Asked) -> Plain:
    """All heads right among some records, with chance."""
    codes, said = _codes(labels, predicted)
    scorer = asked.scorer(first)
    value, drawn = means(scorer, (codes == said).astype(float))
    null = (asked.permuted(replace(first, labels=codes)) == said).mean(1)
    return {
        "records": len(codes),
        "groups": first.groups,
        "accuracy": share(scorer.value, value, drawn) | against(value, null),
        "most_frequent": float(np.bincount(codes).max() / len(codes)),
    }


def _codes(*answers: Index) -> Sequence[Index]:
    """One number for each combination of the heads' classes, the same in all given arrays."""
    sizes = np.concatenate(answers).max(0) + 1
    return [np.ravel_multi_index(tuple(each.T), tuple(sizes)) for each in answers]
