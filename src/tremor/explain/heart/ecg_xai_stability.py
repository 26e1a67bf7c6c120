"""The stability of the toolkit before us (ecg-xai), so that its numbers can be had again.

Four fifths of what it compares is the answer key, the same for any two explanations, so that
unrelated ones agree at 0.8 and more; and beats are matched by their times, though all beats after
the inserted one came later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tremor.explain.heart.ecg_xai import EarlierScores
from tremor.explain.heart.extra_beat import ExtraBeat
from tremor.explain.heart.plausibility import Row
from tremor.explain.heart.stability import PERSISTENCE, jaccard, spearman, weighted_jaccard
from tremor.explain.heart.tokens import Bools, Floats, Index, Seen, Tokens, overlapping

NEAR = 0.08  # s between beats that are held to be the same
FEWEST, MOST, SHARE = 10, 20, 0.1  # tokens that are compared, and their share of all


def earlier_stability(
    earlier: EarlierScores,
    original: NDArray[Any],
    copy: NDArray[Any],
    seen: Seen,
    extra: ExtraBeat,
    key: str,
) -> Row:
    """Columns `extra_…` of explanations `(lead, time)` of a record and of its copy, as they were.

    What is compared are tokens of the class's windows, each in units of the largest and blended
    with the prior.
    """
    again = Seen.of(extra.signal, seen.rate, seen.leads, extra.steps)
    parts = [_scored(earlier, v, s, key) for v, s in ((original, seen), (copy, again))]
    (tokens, first), (others, second) = parts
    beats = _near(seen.peaks.samples, again.peaks.samples, NEAR * seen.rate)
    spans = np.array(_alike(tokens, others, beats), np.int64).reshape(-1, 2)
    a, b = first[:, spans[:, 0]].ravel(), second[:, spans[:, 1]].ravel()
    found: Row = {"extra_n_tokens": float(len(a))}
    if not len(a):
        return found
    k = min(len(a), max(FEWEST, min(MOST, round(SHARE * len(a)))))
    known = bool(a.max() > 0 and b.max() > 0)
    return found | {
        "extra_k_eff": float(k),
        "extra_spearman": spearman(a, b),
        "extra_jaccard": jaccard(a, b, k) if known else None,
        "extra_wjacc": weighted_jaccard(a, b) if known else None,
        "extra_rbo": _overlap(a, b, k),
    }


def _scored(
    earlier: EarlierScores, values: NDArray[Any], seen: Seen, key: str
) -> tuple[Tokens, Floats]:
    diagnosis = earlier.claims.of(key)
    tokens = overlapping(seen, earlier.claims, diagnosis)
    return tokens, earlier.scores(values, tokens, diagnosis)


def _alike(
    tokens: Tokens, others: Tokens, beats: Sequence[tuple[int, int]]
) -> list[tuple[int, int]]:
    """Spans of both that lie in the same window of the same beat."""
    return [
        (int(mine), int(yours))
        for a, b in beats
        for mine in np.flatnonzero(tokens.beat == a)
        for yours in np.flatnonzero((others.beat == b) & (others.window == tokens.window[mine]))
    ]


def _near(mine: Index, yours: Index, most: float) -> list[tuple[int, int]]:
    """Beats of either record that are near each other in time, each taken once, nearest first."""
    apart = np.abs(mine[:, None] - yours[None])
    free: tuple[Bools, Bools] = (np.ones(len(mine), bool), np.ones(len(yours), bool))
    found = []
    for place in np.argsort(apart, axis=None, kind="stable"):
        a, b = divmod(int(place), max(1, len(yours)))
        if apart[a, b] <= most and free[0][a] and free[1][b]:
            free[0][a] = free[1][b] = False
            found.append((a, b))
    return sorted(found)


def _overlap(a: Floats, b: Floats, k: int) -> float:
    """Rank-biased overlap cut at `k`, so that equal rankings reach `1 - 0.9**k`, not 1."""
    first, second = (np.argsort(-each, kind="stable")[:k] for each in (a, b))
    shared = [len(set(first[:d]) & set(second[:d])) / d for d in range(1, k + 1)]
    weights = (1 - PERSISTENCE) * PERSISTENCE ** np.arange(k)
    return float(weights @ np.array(shared))
