"""Events of two groups made alike: unmatched classes give a map of their magnitudes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from tremor.errors import Refused
from tremor.explain.groups.events import WHERE, Bools, Floats, numbered

COVARIATES = ("magnitude", "distance_km", "snr_db")


@dataclass(frozen=True)
class Matched:
    """`keep (record,)`: the records of matched events. `pairs` of `events` (side A, side B).

    `balance` has a row per covariate: the mean of each side and the standardised difference of
    means, before and after (both over the spread before). `unknown` events lack a covariate and
    were left out.
    """

    keep: Bools
    balance: pd.DataFrame
    pairs: int
    events: tuple[int, int]
    unknown: int


def matched(
    table: pd.DataFrame,
    which: ArrayLike,
    on: Sequence[str] = COVARIATES,
    caliper: float = 0.25,
    seed: int = 0,
) -> Matched:
    """Pair each event of the records `which (record,)` with one of the others, or with none.

    An event's covariates are means over its records (`group` names the event). Nearest pairs come
    first; a pair may differ by at most `caliper` standard deviations in each covariate. The seed
    only decides between equally near pairs.
    """
    side = np.asarray(which, dtype=np.bool_)
    _check(table, side, on)
    number, names = numbered(table["group"].to_numpy(), len(table))
    covariates = table[list(on)].apply(pd.to_numeric, errors="coerce").to_numpy(np.float64)
    means = _means(covariates, number, len(names))
    first = np.zeros(len(names), dtype=np.bool_)
    first[number[side]] = True
    known = np.isfinite(means).all(1)
    a, b = np.flatnonzero(first & known), np.flatnonzero(~first & known)
    spread = _spread(means[a], means[b], len(on))
    pairs = _greedy(means[a] / spread, means[b] / spread, caliper, seed)
    if not len(pairs):
        fault = (
            f"no event of one side is within {caliper:g} standard deviations of one of the other"
        )
        raise Refused(fault, f"{WHERE}, matching on {', '.join(on)}", "a wider caliper")
    one, other = a[pairs[:, 0]], b[pairs[:, 1]]
    return Matched(
        keep=np.isin(number, np.concatenate([one, other])),
        balance=_balance((means[a], means[b]), (means[one], means[other]), spread, on),
        pairs=len(pairs),
        events=(int(first.sum()), int((~first).sum())),
        unknown=int((~known).sum()),
    )


def _check(table: pd.DataFrame, side: Bools, on: Sequence[str]) -> None:
    where = f"{WHERE}, matching"
    if missing := [name for name in (*on, "group") if name not in table]:
        there = ", ".join(table.select_dtypes("number").columns) or "none"
        fault = f"the records have no {', '.join(missing)}"
        raise Refused(fault, where, f"match on columns of numbers that they have: {there}")
    if side.shape != (len(table),):
        fault = f"sides of shape {side.shape} for {len(table)} records"
        raise Refused(fault, where, "one side for each record")
    if both := set(table["group"][side]) & set(table["group"][~side]):
        fault = f"{len(both)} events have records on both sides (first: {min(map(str, both))})"
        remedy = "compare without matching: these events are compared with themselves"
        raise Refused(fault, where, remedy)


def _means(covariates: Floats, number: NDArray[np.intp], events: int) -> Floats:
    """Means over the records of each event `(event, covariate)` where they are finite, or NaN."""
    finite = np.isfinite(covariates)
    known = np.zeros((events, covariates.shape[1]))
    sums = np.zeros_like(known)
    np.add.at(known, number, finite)
    np.add.at(sums, number, np.where(finite, covariates, 0))
    return np.divide(sums, known, out=np.full_like(sums, np.nan), where=known > 0)


def _spread(a: Floats, b: Floats, covariates: int) -> Floats:
    """Standard deviation within sides `(covariate,)`; 1 for a covariate that never changes."""
    if min(len(a), len(b)) < 2:
        return np.ones(covariates)
    spread = np.sqrt((a.var(0, ddof=1) + b.var(0, ddof=1)) / 2)
    return np.where(spread > 0, spread, 1)


def _greedy(a: Floats, b: Floats, caliper: float, seed: int) -> NDArray[np.intp]:
    """Rows of a and b that go together `(pair, 2)`: the nearest two first, each row once."""
    if not len(a) or not len(b):
        return np.zeros((0, 2), dtype=np.intp)
    near = cKDTree(a).sparse_distance_matrix(
        cKDTree(b), caliper, p=np.inf, output_type="coo_matrix"
    )
    apart = np.square(a[near.row] - b[near.col]).sum(1)
    ties = np.random.default_rng(seed).random(len(apart))
    place = np.lexsort((near.col, near.row))
    place = place[np.lexsort((ties, apart[place]))]
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for row, column in zip(near.row[place].tolist(), near.col[place].tolist(), strict=True):
        if row not in pairs and column not in taken:
            pairs[row] = column
            taken.add(column)
    return np.array(list(pairs.items()), dtype=np.intp).reshape(-1, 2)


def _balance(
    before: tuple[Floats, Floats],
    after: tuple[Floats, Floats],
    spread: Floats,
    on: Sequence[str],
) -> pd.DataFrame:
    """A row per covariate: means of both sides and their standardised difference."""
    columns = {}
    for when, (a, b) in (("before", before), ("after", after)):
        columns[f"mean_a_{when}"], columns[f"mean_b_{when}"] = a.mean(0), b.mean(0)
        columns[f"difference_{when}"] = (a.mean(0) - b.mean(0)) / spread
    return pd.DataFrame(columns, index=pd.Index(on, name="covariate"))
