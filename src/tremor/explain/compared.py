"""Classes compared at each station: mean maps, and where they differ beyond chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.errors import Refused
from tremor.explain.explanations import Explanations
from tremor.explain.groups.matching import matched
from tremor.explain.groups.permutation import Comparison, difference

EVERYWHERE = "all stations"


@dataclass(frozen=True)
class Difference:
    """Class `a` less class `b` at one station (or everywhere), tested; or why it was not."""

    station: str
    a: int
    b: int
    found: Comparison | None
    reason: str = ""


def stations_of(found: Explanations, otherwise: str = EVERYWHERE) -> pd.Series[str]:
    """The station of each record, where all records have one."""
    table = found.table.reset_index(drop=True)
    known = table.get("station", pd.Series("", table.index)).fillna("").astype(str)
    return known if (known != "").all() else pd.Series(otherwise, table.index)


def differences(found: Explanations, seed: int = 0, match: Sequence[str] = ()) -> list[Difference]:
    """Each pair of classes at each station and over all: 5 % over all cells, places and pairs.

    Maps are summed over components first: this is what is drawn. With `match`, only events enter
    that have a partner in the other class, alike in these columns.
    """
    stations = stations_of(found)
    names = list(stations.unique())
    places = [EVERYWHERE, *names] if len(names) > 1 else names
    labels = found.table["label"].to_numpy()
    pairs = list(combinations(sorted(set(labels.tolist()), reverse=True), 2))
    level = 1 - 0.05 / max(1, len(pairs) * len(places))
    made = []
    for a, b in pairs:
        for place in places:
            there = np.ones(len(found), bool) if place == EVERYWHERE else (stations == place)
            rows = np.flatnonzero(np.asarray(there) & np.isin(labels, [a, b]))
            made.append(_tested(found, rows, (place, a, b), level, seed, match))
    return made


def _tested(
    found: Explanations,
    rows: NDArray[np.int64],
    which: tuple[str, int, int],
    level: float,
    seed: int,
    match: Sequence[str],
) -> Difference:
    """One test; too few events are a reason, not a fault."""
    place, a, b = which
    permutations = max(1000, int(np.ceil(10 / (1 - level))))
    try:
        rows = rows[_alike(found, rows, a, match, seed)]
        table = found.table.iloc[rows]
        tested = difference(
            summed(found.values[rows]),
            table["group"].to_numpy(),
            table["label"].to_numpy() == a,
            permutations=permutations,
            level=level,
            seed=seed,
        )
    except Refused as reason:
        return Difference(place, a, b, None, reason.problem)
    return Difference(place, a, b, tested)


def _alike(
    found: Explanations, rows: NDArray[np.int64], a: int, match: Sequence[str], seed: int
) -> NDArray[np.bool_]:
    """Which of some records have a partner; all of them where nothing is to be matched."""
    if not match:
        return np.ones(len(rows), np.bool_)
    table = found.table.iloc[rows]
    return matched(table, table["label"].to_numpy() == a, match, seed=seed).keep


def summed(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Maps `(record, component, …)` summed over components, where they have two axes beside."""
    return values.sum(1) if values.ndim > 3 else values
