"""Is it only magnitude? Scores among small and large, faint and clear events."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.evaluation import metrics
from tremor.evaluation.bootstrap import FEWEST, Evidence
from tremor.evaluation.metrics import CHUNK, Floats, Index
from tremor.evaluation.scoring import Plain, Scorer, share

QUANTITIES = ("magnitude", "snr_db")
BINS = 5
SCORES = ("accuracy", "balanced_accuracy")


def strata(scorer: Scorer, rows: pd.DataFrame) -> Plain:
    """`strata` and `strata_correlation` of each quantity that is known of enough events.

    `rows` are the judged records in the order of the predictions. An event counts with the median
    of its records, as a whole.
    """
    bins: Plain = {}
    correlations: Plain = {}
    for name in QUANTITIES:
        values = event_values(scorer, rows, name)
        place = equal_bins(values)
        if place.max(initial=-1) > 0:
            bins[name] = [_bin(scorer, values, place == b) for b in range(place.max() + 1)]
            correlations[name] = _correlation(scorer, values)
    return {"strata": bins, "strata_correlation": correlations} if bins else {}


def event_values(scorer: Scorer, rows: pd.DataFrame, name: str) -> Floats:
    """The median of a quantity over each event's records `(group,)`; not a number if unknown."""
    if name not in rows:
        return np.full(scorer.groups, np.nan)
    known = pd.Series(rows[name].to_numpy(np.float64)).groupby(scorer.judged.rows).median()
    return known.reindex(range(scorer.groups)).to_numpy(np.float64)


def equal_bins(values: Floats) -> Index:
    """The quantile bin of each event, -1 where nothing is known: five, fewer for few events."""
    known = np.isfinite(values)
    wanted = min(BINS, int(known.sum()) // FEWEST)
    place = np.full(len(values), -1)
    if wanted > 0:
        edges = np.quantile(values[known], np.arange(1, wanted) / wanted)
        inside = np.searchsorted(np.unique(edges), values[known], side="left")
        place[known] = np.unique(inside, return_inverse=True)[1]
    return place


def _bin(scorer: Scorer, values: Floats, inside: NDArray[np.bool_]) -> Plain:
    """Scores of the events of one bin; chance: always its largest class, or 1 / its classes."""
    each = scorer.judged.group_confusion()[inside]
    whole = metrics.from_confusion(each.sum(0))
    drawn = metrics.from_confusion(np.tensordot(scorer.counts[:, inside], each, axes=1))
    classes = each.sum((0, 2))
    present = int((classes > 0).sum())
    chances = (float(classes.max() / classes.sum()), 1 / present)
    found: Plain = {"low": float(values[inside].min()), "high": float(values[inside].max())}
    found |= {"records": int(each.sum()), "groups": int(inside.sum()), "classes": present}
    told = (Evidence.pooled(len(each)), Evidence.averaged((each.sum(-1) > 0).sum(0)))
    for name, chance, evidence in zip(SCORES, chances, told, strict=True):
        score = partial(scorer.known, evidence=evidence if len(each) >= FEWEST else None)
        its = share(score, float(whole[name]), drawn[name])
        found[name] = its | {"chance": chance}
    return found


def _correlation(scorer: Scorer, values: Floats) -> Plain:
    """Rank correlation of an event's share of right records with the quantity."""
    known = np.isfinite(values)
    each = scorer.judged.group_confusion()[known]
    right = np.trace(each, axis1=1, axis2=2) / each.sum((1, 2))
    whole = spearman(values[known], right, np.ones((1, int(known.sum()))))[0]
    drawn = spearman(values[known], right, scorer.counts[:, known])
    return scorer.value(float(whole), drawn) | {"chance": 0.0}


def spearman(one: Floats, other: Floats, weights: Floats) -> Floats:
    """Rank correlation for each row of weights `(draw, item)`; not a number for a constant."""
    step = max(1, CHUNK // max(len(one), 1))
    return np.concatenate(
        [_pearson(one, other, weights[i : i + step]) for i in range(0, len(weights), step)]
    )


def _pearson(one: Floats, other: Floats, weights: Floats) -> Floats:
    total = weights.sum(1, keepdims=True)
    first, second = (_ranks(values, weights) for values in (one, other))
    first, second = (r - (weights * r).sum(1, keepdims=True) / total for r in (first, second))
    spread = np.sqrt((weights * first**2).sum(1) * (weights * second**2).sum(1))
    unknown: Floats = np.full(len(weights), np.nan)
    varies = spread > 1e-9 * total[:, 0] ** 3  # ranks of a constant differ by rounding alone
    together = (weights * first * second).sum(1)
    return np.asarray(np.divide(together, spread, out=unknown, where=varies))


def _ranks(values: Floats, weights: Floats) -> Floats:
    """Middle rank of each item where each comes as often as its weight: `(draw, item)`."""
    order, place = np.unique(values, return_inverse=True)
    starts = np.argsort(place, kind="stable")
    firsts = np.searchsorted(place[starts], np.arange(len(order)))
    counts = np.add.reduceat(weights[:, starts], firsts, axis=1)
    return np.asarray((np.cumsum(counts, axis=1) - counts / 2)[:, place])
