"""Is it only the date? Pairs of records close in time, and what tells the date inside one class."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from scipy.sparse import coo_array

from tremor.evaluation import metrics
from tremor.evaluation.bootstrap import FEWEST, Evidence
from tremor.evaluation.covariates import TINY
from tremor.evaluation.inside_class import inside, inside_ranks
from tremor.evaluation.metrics import Floats, Index
from tremor.evaluation.scoring import Plain, Scorer

NEAREST = 3
"""Records of another class before a record, and as many after it, that it makes pairs with."""
WINDOWS = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Days between the two of a pair: the first of these that gives enough events."""
WIDEST = 0.125
"""Share of the whole time beyond which two records are not close."""
FOLDS, RIDGE = 5, 1.0


def matched_in_time(scorer: Scorer, days: Floats, rows: pd.DataFrame) -> Plain | None:
    """How often the network puts two records of different classes in the right order.

    The two are of different events, at the same station and at most `window_days` apart; `days
    (record,)` are their dates. `all` is the same of any two records of those classes, `drop` what
    is lost: what went with the date. `None` where no window gives `FEWEST` events of either side; a
    record without a date has none.
    """
    span = float(np.nanmax(days) - np.nanmin(days))
    place = days + _apart(rows, span)
    for window in (w for w in WINDOWS if w <= WIDEST * span):
        first, second = _pairs(scorer, place, window)
        sides = [len(np.unique(scorer.judged.rows[side])) for side in (first, second)]
        if min(sides) >= FEWEST:
            return _scored(scorer, first, second) | {"window_days": window}
    return None


def _apart(rows: pd.DataFrame, span: float) -> Floats:
    """So many days more for each station that records of two of them are never close."""
    if "station" not in rows:
        return np.zeros(len(rows))
    return np.asarray(pd.factorize(rows["station"])[0] * (2 * span + 1e4), np.float64)


def _pairs(scorer: Scorer, place: Floats, window: float) -> tuple[Index, Index]:
    """Records of a lower class, and the ones of a higher that they stand beside, each pair once."""
    judged = scorer.judged
    found, dated = [np.empty((2, 0), np.int64)], np.isfinite(place)
    for low, high in combinations(np.unique(judged.labels), 2):
        ours, theirs = (np.flatnonzero(dated & (judged.labels == k)) for k in (low, high))
        found += [_near(place, ours, theirs), _near(place, theirs, ours)[::-1]]
    both = np.unique(np.concatenate(found, axis=1), axis=1)
    close = np.abs(place[both[0]] - place[both[1]]) <= window
    other = judged.rows[both[0]] != judged.rows[both[1]]
    first, second = both[:, close & other]
    return first, second


def _near(place: Floats, ours: Index, theirs: Index) -> Index:
    """Each of our records with the nearest of theirs on both sides `(2, pair)`."""
    theirs = theirs[np.argsort(place[theirs], kind="stable")]
    at = np.searchsorted(place[theirs], place[ours])
    picked = at[:, None] + np.arange(-NEAREST, NEAREST)
    there = (picked >= 0) & (picked < len(theirs))
    mine = np.broadcast_to(ours[:, None], picked.shape)[there]
    return np.stack([mine, theirs[picked[there]]])


def _scored(scorer: Scorer, first: Index, second: Index) -> Plain:
    judged = scorer.judged
    logs = np.log(np.clip(judged.chances, TINY, 1.0))
    low, high = judged.labels[first], judged.labels[second]
    own, other = (logs[side, high] - logs[side, low] for side in (first, second))
    right = np.where(other == own, 0.5, (other > own).astype(np.float64))
    whole, drawn = float(right.mean()), _weighed(scorer, first, second, right)
    kinds, counts = np.unique(np.stack([low, high]), axis=1, return_counts=True)
    every, all_drawn = _of_all(scorer, logs, kinds, counts / counts.sum())
    groups = len(np.unique(judged.rows[np.concatenate([first, second])]))
    evidence = Evidence.pooled(groups, scorer.strata)
    return scorer.known(whole, drawn, evidence) | {
        "chance": 0.5,
        "all": scorer.known(every, all_drawn, evidence),
        "drop": scorer.known(every - whole, all_drawn - drawn, evidence),
        "pairs": len(first),
        "groups": groups,
    }


def _weighed(scorer: Scorer, first: Index, second: Index, right: Floats) -> Floats:
    """The share of right pairs in each draw: a pair counts as often as both of its events."""
    rows, groups = scorer.judged.rows, scorer.judged.groups
    events = (rows[first], rows[second])
    above, below = (
        _drawn(coo_array((values, events), shape=(groups, groups)), scorer.counts)
        for values in (right, np.ones(len(right)))
    )
    unknown: Floats = np.full(len(above), np.nan)
    return np.divide(above, below, out=unknown, where=below > 0)


def _drawn(sums: coo_array, counts: Floats) -> Floats:
    """Sums over pairs of events `(group, group)`, weighed by how often each draw has both."""
    return np.asarray((counts.T * (sums.tocsr() @ counts.T)).sum(0), np.float64)


def _of_all(scorer: Scorer, logs: Floats, kinds: Index, shares: Floats) -> tuple[float, Floats]:
    """The same of all records of each two classes, which count as they do among the pairs."""
    judged = scorer.judged
    weights = np.vstack([np.ones(judged.groups), scorer.counts])
    total = np.zeros(len(weights))
    for (low, high), share in zip(kinds.T, shares, strict=True):
        either = np.isin(judged.labels, (low, high))
        score = (logs[:, high] - logs[:, low])[either]
        labels = (judged.labels[either] == high).astype(np.int64)
        sides = np.stack([-score, score], axis=1)
        total += share * metrics.auroc(labels, sides, weights[:, judged.rows[either]])
    return float(total[0]), total[1:]


def date_told(scorer: Scorer, days: Floats, known: dict[str, Floats], seed: int) -> Plain | None:
    """Whether how loud a record is tells its date inside one class: a drift that can be learned.

    A regression on the level and the signal-to-noise ratio, as ranks within the class and their
    squares, predicts the rank of the date of events that it has not seen; then the rank correlation
    of predicted and true date inside one class.
    """
    from_these = [name for name in ("level", "snr_db") if name in known]
    usable = np.isfinite(np.stack([days, *(known[name] for name in from_these)])).all(0)
    if not from_these or usable.sum() < 2 * FEWEST:
        return None
    judged = scorer.judged
    ranks = [inside_ranks(np.where(usable, known[n], np.nan), judged.labels) for n in from_these]
    columns = np.stack([c for rank in ranks for c in (rank, rank**2 - 1 / 12)], axis=1)
    target = inside_ranks(np.where(usable, days, np.nan), judged.labels)
    fold = np.random.default_rng((seed, 6)).permutation(judged.groups) % FOLDS
    told = np.full(len(days), np.nan)
    for number in range(FOLDS):
        out = usable & (fold[judged.rows] == number)
        taught = usable & ~out
        told[out] = _ridge(columns[taught], target[taught], columns[out])
    found = inside(scorer, told, days)
    return None if found is None else found | {"from": from_these}


def _ridge(columns: Floats, target: Floats, asked: Floats) -> Floats:
    """Linear regression with a small penalty and no constant: all values are about their mean."""
    square = columns.T @ columns + RIDGE * np.eye(columns.shape[1])
    return np.asarray(asked @ np.linalg.solve(square, columns.T @ target), np.float64)
