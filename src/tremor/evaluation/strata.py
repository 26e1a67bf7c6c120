"""Is it only magnitude? Scores among small and large, faint and clear events."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tremor.evaluation.metrics import CHUNK, Floats
from tremor.evaluation.scoring import Plain, Scorer
from tremor.evaluation.slices import Covered, correct, scores_of
from tremor.evaluation.slicing import equal_bins, group_medians

QUANTITIES = ("magnitude", "snr_db")


def strata(scorer: Scorer, rows: pd.DataFrame, covered: Covered | None = None) -> Plain:
    """`strata` and `strata_correlation` of each quantity that is known of enough events.

    `rows` are the judged records in the order of the predictions. An event counts with the median
    of its records, as a whole. Bins are as `slices` has them, with their ends `low` and `high`.
    """
    groups, bins, correlations = scorer.judged.rows, {}, {}
    for name in [name for name in QUANTITIES if name in rows]:
        values = group_medians(rows[name].astype(float), groups)
        place = equal_bins(values)
        if place.max(initial=-1) > 0:
            inside = [place == b for b in range(place.max() + 1)]
            bins[name] = [
                {"low": float(values[own].min()), "high": float(values[own].max())}
                | scores_of(scorer, own[groups], covered)
                for own in inside
            ]
            correlations[name] = _correlation(scorer, values)
    correct(bins)
    return {"strata": bins, "strata_correlation": correlations} if bins else {}


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
