"""Scores of slices of the judged records, and whether one stands out when all are looked at."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from scipy import stats

from tremor.evaluation import metrics
from tremor.evaluation.bootstrap import FEWEST, Evidence
from tremor.evaluation.measured import part
from tremor.evaluation.metrics import Floats, Index
from tremor.evaluation.multilabel_metrics import Mask
from tremor.evaluation.paired import holm
from tremor.evaluation.scoring import Plain, Scorer, plain, share
from tremor.evaluation.slicing import parts

SCORES = ("accuracy", "balanced_accuracy")
Covered = Callable[[Mask], Plain]
"""What the prediction sets of a part of the records hold."""


def slices(scorer: Scorer, rows: pd.DataFrame, covered: Covered | None = None) -> Plain:
    """Each slice by its quantity: `name`, what `scores_of` has, and `beyond` the other records.

    `rows` are the judged records in the order of the predictions. `beyond`: how much larger the
    recall is in the slice than outside it, a mean over the classes of both; its `p_holm` is
    corrected over all slices of all quantities, and `small` says that it has no interval.
    """
    found = {
        quantity: [{"name": it.name} | scores_of(scorer, it.inside, covered) for it in its]
        for quantity, its in parts(rows, scorer.judged.rows).items()
    }
    correct(found)
    return found


def correct(found: dict[str, list[Plain]]) -> None:
    """Set `p_holm` in every slice that has a p."""
    tested = [
        row["beyond"] for rows in found.values() for row in rows if row["beyond"]["p"] is not None
    ]
    for score, p in zip(tested, holm([score["p"] for score in tested]), strict=True):
        score["p_holm"] = p


def scores_of(scorer: Scorer, inside: Mask, covered: Covered | None = None) -> Plain:
    """Scores of some of the records; chance: always their largest class, or 1 / their classes."""
    own, groups = part(scorer.judged, inside), np.unique(scorer.judged.rows[inside])
    each = own.group_confusion()
    whole = metrics.from_confusion(each.sum(0))
    drawn = metrics.from_confusion(np.tensordot(scorer.counts[:, groups], each, axes=1))
    classes = each.sum((0, 2))
    present = int((classes > 0).sum())
    chances = (float(classes.max() / classes.sum()), 1 / present)
    small = len(groups) < FEWEST
    found: Plain = {"records": int(each.sum()), "groups": len(groups), "classes": present}
    told = (Evidence.pooled(len(groups)), Evidence.averaged((each.sum(-1) > 0).sum(0)))
    for name, chance, evidence in zip(SCORES, chances, told, strict=True):
        score = partial(scorer.known, evidence=None if small else evidence)
        found[name] = share(score, float(whole[name]), drawn[name]) | {"chance": chance}
    found |= {"small": small, "beyond": _beyond(scorer, each, groups)}
    return found | ({"coverage": covered(inside)} if covered else {})


def _beyond(scorer: Scorer, inside: Floats, groups: Index) -> Plain:
    """The lead over all other records in mean recall, with p of its spread over draws."""
    every = scorer.judged.group_confusion()
    outside = every.copy()
    outside[groups] -= inside
    whole = _lead(inside.sum(0), outside.sum(0))
    sizes = min(len(groups), int((outside.sum((1, 2)) > 0).sum()))
    unknown: Plain = {"value": plain(float(whole)), "lo": None, "hi": None, "p": None}
    if sizes < FEWEST or not np.isfinite(whole):
        return unknown
    sums = (
        np.tensordot(scorer.counts[:, g], m, axes=1)
        for g, m in ((groups, inside), (slice(None), outside))
    )
    drawn = _lead(*sums)
    spread = float(np.nanstd(drawn))
    if spread == 0:
        return unknown
    p = 2 * float(stats.t.sf(abs(float(whole)) / spread, sizes - 1))
    return scorer.known(float(whole), drawn, Evidence.pooled(sizes)) | {"p": p}


def _lead(inside: Floats, outside: Floats) -> Floats:
    """Recall in less recall outside, over the classes of both `(…)`."""
    ours, theirs = (metrics.by_class(matrix)["recall"] for matrix in (inside, outside))
    return metrics.mean_known(ours - theirs)
