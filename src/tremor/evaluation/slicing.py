"""The parts of judged records that are looked at by themselves: by place, time, size and person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from tremor.evaluation.bootstrap import FEWEST
from tremor.evaluation.exchangeable import days
from tremor.evaluation.metrics import Floats, Index
from tremor.evaluation.multilabel_alarms import SEXES
from tremor.evaluation.multilabel_metrics import Mask

BINS = 5
BY_GROUP = {"distance_km": " km", "age": " years"}
"""Quantities that groups are put into bins of equal counts by, and their units."""
MOST_STATIONS = 30
HOURS = ("0 to 6 h", "6 to 12 h", "12 to 18 h", "18 to 24 h")


@dataclass(frozen=True)
class Part:
    """One slice: what it is a slice by, its name, and which records are in it."""

    quantity: str
    name: str
    inside: Mask


def parts(rows: pd.DataFrame, groups: Index) -> dict[str, list[Part]]:
    """Slices by each quantity that is known and parts the records: station, hour, date, ….

    `rows` are the judged records, `groups` the group of each.
    """
    found: dict[str, list[Part]] = {}
    for part in _all(rows, groups):
        if part.inside.any():
            found.setdefault(part.quantity, []).append(part)
    return {name: its for name, its in found.items() if len(its) > 1}


def _all(rows: pd.DataFrame, groups: Index) -> Iterator[Part]:
    yield from _stations(rows)
    yield from _times(rows, groups)
    if "sex" in rows:
        for sex in SEXES:
            yield Part("sex", sex, (rows["sex"] == sex).to_numpy(np.bool_))
    for name, unit in BY_GROUP.items():
        if name in rows:
            yield from _bins(
                name, rows[name].astype(float), groups, lambda v, u=unit: f"{v:.0f}{u}"
            )


def _stations(rows: pd.DataFrame) -> Iterator[Part]:
    """Each station by name; of very many those that have most records."""
    if "station" in rows and rows["station"].astype(bool).any():
        counts = rows["station"].value_counts()
        for name in sorted(counts.index[:MOST_STATIONS]):
            yield Part("station", str(name), (rows["station"] == name).to_numpy(np.bool_))


def _times(rows: pd.DataFrame, groups: Index) -> Iterator[Part]:
    """The hour of the day (UTC), and the date."""
    known = days(rows)
    if known is None:
        return
    quarter = np.floor((known % 1) * 4)
    for place, name in enumerate(HOURS):
        yield Part("hour", name, (quarter == place).to_numpy(np.bool_))
    yield from _bins("date", known, groups, _date)


def _date(day: float) -> str:
    return f"{pd.Timestamp(day, unit='D'):%Y-%m-%d}"


def _bins(quantity: str, values: pd.Series[float], groups: Index, said: Any) -> Iterator[Part]:
    """Bins of as many groups each, by the median of their records; a name says both ends."""
    of_group = group_medians(values, groups)
    place = equal_bins(of_group)
    for b in range(place.max(initial=-1) + 1):
        low, high = (said(end) for end in (of_group[place == b].min(), of_group[place == b].max()))
        yield Part(quantity, low if low == high else _range(low, high), (place == b)[groups])


def _range(low: str, high: str) -> str:
    """Both ends, with the unit once."""
    number, _, unit = low.partition(" ")
    return f"{number if unit else low} to {high}"


def group_medians(values: pd.Series[float], groups: Index) -> Floats:
    """The median over each group's records `(group,)`; not a number if unknown."""
    known = pd.Series(values.to_numpy(np.float64)).groupby(groups).median()
    every = known.reindex(range(int(groups.max(initial=-1)) + 1))
    return np.asarray(every.to_numpy(np.float64), np.float64)


def equal_bins(values: Floats) -> Index:
    """The quantile bin of each value `(group,)`, -1 where nothing is known: five, fewer for few."""
    known = np.isfinite(values)
    wanted = min(BINS, int(known.sum()) // FEWEST)
    place = np.full(len(values), -1)
    if wanted > 0:
        edges = np.quantile(values[known], np.arange(1, wanted) / wanted)
        inside = np.searchsorted(np.unique(edges), values[known], side="left")
        place[known] = np.unique(inside, return_inverse=True)[1]
    return place
