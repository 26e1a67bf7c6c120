"""Scores of several classes a record among women and men, young and old."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from tremor.evaluation.bootstrap import FEWEST, Evidence
from tremor.evaluation.metrics import Floats
from tremor.evaluation.multilabel_alarms import SEXES
from tremor.evaluation.multilabel_metrics import Mask
from tremor.evaluation.multilabel_scores import Scores
from tremor.evaluation.multilabel_weighed import areas_of, mean_of
from tremor.evaluation.scoring import Plain
from tremor.evaluation.strata import equal_bins


def slices(scores: Scores, rows: pd.DataFrame) -> Plain:
    """Macro AUROC of the records of each sex and age, by the same draws; what is known of them.

    `rows` are the judged records in the order of the answers. Each slice: `name, records, groups,
    classes` (those that some of its records have and others not) and `macro_auroc`.
    """
    found = {"sex": list(_by_sex(scores, rows)), "age": list(_by_age(scores, rows))}
    return {name: its for name, its in found.items() if len(its) > 1}


def _by_sex(scores: Scores, rows: pd.DataFrame) -> Iterator[Plain]:
    if "sex" in rows:
        for sex in SEXES:
            inside: Mask = (rows["sex"] == sex).to_numpy()
            if inside.any():
                yield {"name": sex} | _slice(scores, inside)


def _by_age(scores: Scores, rows: pd.DataFrame) -> Iterator[Plain]:
    """Bins of as many groups each; the years are those of the youngest and the oldest of a bin."""
    if "age" not in rows:
        return
    of_record = scores.answers.rows
    ages = rows["age"].astype(float).groupby(of_record).median()
    known = ages.reindex(range(scores.answers.groups))
    years: Floats = np.asarray(known.to_numpy(np.float64), np.float64)
    place = equal_bins(years)
    for b in range(place.max(initial=-1) + 1):
        low, high = years[place == b].min(), years[place == b].max()
        yield {"name": f"{low:.0f} to {high:.0f} years"} | _slice(scores, (place == b)[of_record])


def _slice(scores: Scores, inside: Mask) -> Plain:
    """One slice; its interval needs `FEWEST` groups."""
    part, groups = scores.answers.keep(inside)
    sizes = part.group_sizes.min(1)
    whole, drawn = mean_of(areas_of(part, scores.shared.counts[:, groups])["auroc"])
    evidence = Evidence.averaged(sizes) if len(groups) >= FEWEST and sizes.any() else None
    score = scores.shared.known(float(whole), drawn, evidence) | {"chance": 0.5}
    counts = {
        "records": int(inside.sum()),
        "groups": len(groups),
        "classes": int((sizes > 0).sum()),
    }
    return counts | {"macro_auroc": score}
