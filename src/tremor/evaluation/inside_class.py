"""Rank correlations inside one class: what goes with the class itself cannot cause them."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from tremor.evaluation.bootstrap import FEWEST, Evidence
from tremor.evaluation.measured import by_group
from tremor.evaluation.metrics import Floats, Index
from tremor.evaluation.scoring import Plain, Scorer


def inside_ranks(values: Floats, labels: Index) -> Floats:
    """Each record's rank in its class, from -0.5 to 0.5 `(record,)`; what is unknown stays so."""
    found = np.full(len(values), np.nan)
    for label in np.unique(labels):
        own = np.flatnonzero((labels == label) & np.isfinite(values))
        if len(own):
            found[own] = (rankdata(values[own]) - 0.5) / len(own) - 0.5
    return found


def inside(scorer: Scorer, one: Floats, other: Floats) -> Plain | None:
    """Partial rank correlation of two values `(record,)`, given the class; chance is 0.

    The interval is over events. `None` where fewer than `FEWEST` events have both values, or one of
    them is constant in every class.
    """
    judged = scorer.judged
    a, b = (inside_ranks(values, judged.labels) for values in (one, other))
    known = np.isfinite(a) & np.isfinite(b)
    groups = len(np.unique(judged.rows[known]))
    if groups < FEWEST or not scorer.enough:
        return None
    a, b = np.where(known, a, 0.0), np.where(known, b, 0.0)
    member = (judged.labels[:, None] == np.arange(judged.classes)) & known[:, None]
    sums = by_group(judged, np.concatenate([_products(a, b), member, *_each(a, b, member)], 1))
    value = _correlation(sums.sum(0), judged.classes)
    if not np.isfinite(value):
        return None
    drawn = _correlation(scorer.counts @ sums, judged.classes)
    evidence = Evidence.pooled(groups, scorer.strata)
    found = scorer.known(float(value), np.asarray(drawn, np.float64), evidence)
    return found | {"chance": 0.0, "groups": groups, "records": int(known.sum())}


def _products(a: Floats, b: Floats) -> Floats:
    return np.stack([a * b, a * a, b * b], axis=1)


def _each(a: Floats, b: Floats, member: Floats) -> tuple[Floats, Floats]:
    """Both values in the column of each record's class."""
    return a[:, None] * member, b[:, None] * member


def _correlation(sums: Floats, classes: int) -> Floats:
    """Correlation about each class's own mean, from sums of products, counts and values."""
    together, of_a, of_b = (sums[..., place] for place in range(3))
    counts, a, b = np.split(sums[..., 3:], [classes, 2 * classes], axis=-1)
    counts = np.where(counts > 0, counts, 1.0)
    together = together - (a * b / counts).sum(-1)
    spread = (of_a - (a * a / counts).sum(-1)) * (of_b - (b * b / counts).sum(-1))
    unknown: Floats = np.full(np.shape(spread), np.nan)
    size = np.sqrt(np.clip(spread, 0, None))
    found: Floats = np.divide(together, size, out=unknown, where=spread > 1e-12)
    return found
