"""Facts of a record that are not its waveform, and whether the network's logit goes with them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import kruskal, rankdata

from tremor.evaluation.exchangeable import days
from tremor.evaluation.inside_class import inside
from tremor.evaluation.metrics import Floats
from tremor.evaluation.scoring import Plain, Scorer
from tremor.evaluation.slicing import group_medians

STORED = ("magnitude", "distance_km", "depth_km", "snr_db", "age")
LEVEL, DAY, HOUR = "level", "day", "hour"
TINY = 1e-12


def covariates(rows: pd.DataFrame) -> dict[str, Floats]:
    """Date (days), hour (UTC), size, place and loudness of each record `(record,)`, where known.

    `level` is the mean of the channels' log10 RMS; a quantity that never varies is left out.
    """
    found: dict[str, Floats] = {}
    if (known := days(rows)) is not None:
        day = np.asarray(known, np.float64)
        found |= {DAY: day, HOUR: 24 * (day % 1)}
    found |= {name: rows[name].to_numpy(np.float64) for name in STORED if name in rows}
    if levels := [name for name in rows if str(name).startswith("level_")]:
        found[LEVEL] = rows[levels].to_numpy(np.float64).mean(1)
    return {name: values for name, values in found.items() if _varies(values)}


def _varies(values: Floats) -> bool:
    known = values[np.isfinite(values)]
    return len(known) > 0 and float(np.ptp(known)) > 0


def logits(chances: Floats, classes: Sequence[str]) -> dict[str, Floats]:
    """The log-odds of each class `(record,)`; of two classes that of the second alone."""
    safe = np.clip(chances, TINY, 1 - TINY)
    odds = np.log(safe) - np.log1p(-safe)
    first = 1 if len(classes) == 2 else 0
    return {name: odds[:, place] for place, name in enumerate(classes) if place >= first}


def classes_apart(scorer: Scorer, known: dict[str, Floats]) -> Plain:
    """How far two classes stand apart at most in each covariate, from 0 to 1, and by what chance.

    `value` is 1 where the covariate decides between two classes, 0 where it tells nothing; `p` is
    of Kruskal and Wallis's test. Events count once, with the median of their records.
    """
    labels = scorer.judged.group_labels()
    found = {}
    for name, values in known.items():
        medians = group_medians(pd.Series(values), scorer.judged.rows)
        each = [medians[(labels == k) & np.isfinite(medians)] for k in np.unique(labels)]
        each = [own for own in each if len(own) > 1]
        if len(each) > 1 and np.ptp(np.concatenate(each)) > 0:
            apart = max(abs(2 * _area(one, other) - 1) for one, other in combinations(each, 2))
            found[name] = {"value": apart, "p": float(kruskal(*each).pvalue)}
    return found


def _area(one: Floats, other: Floats) -> float:
    """The share of pairs in which the first value is larger; ties count half."""
    above = rankdata(np.concatenate([one, other]))[: len(one)].sum() - len(one) * (len(one) + 1) / 2
    return float(above / (len(one) * len(other)))


def with_covariates(scorer: Scorer, known: dict[str, Floats], classes: Sequence[str]) -> Plain:
    """By class, then covariate: the rank correlation of its log-odds with it inside one class."""
    found: Plain = {}
    for name, values in logits(scorer.judged.chances, classes).items():
        each = {of: inside(scorer, values, other) for of, other in known.items()}
        found[name] = {of: score for of, score in each.items() if score is not None}
    return {name: each for name, each in found.items() if each}
