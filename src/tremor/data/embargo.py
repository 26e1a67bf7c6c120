"""Hours between the parts of a split: what begins too near to a test record is set aside."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.dealing import times
from tremor.errors import Refused

Gaps = NDArray[np.timedelta64]
HALVINGS = 12
"""How often a refused purge is halved to find one that fits."""


def purged(table: pd.DataFrame, parts: pd.Series[str], hours: float) -> pd.Series[str]:
    """Without the training records that begin within so many hours of a test record."""
    if not hours or not (parts == "test").any():
        return parts
    apart = pd.Series(_gaps(times(table), (parts == "test").to_numpy()), table.index)
    near, train = apart < _span(hours), parts == "train"
    if not near[train].groupby(table["label"]).all().any():
        return parts.mask(train & near, "purged")
    most = apart[train].groupby(table["label"]).max().min() // pd.Timedelta(6, "min")
    best = most // 10 if most >= 10 else most / 10
    raise Refused(
        f"purge_hours={hours:g} leaves a class without a training event",
        "dataset.purge_hours",
        f"dataset.purge_hours={best:g} is the most that leaves each class one, or fewer classes",
    )


def embargoed(table: pd.DataFrame, parts: pd.Series[str], hours: float) -> pd.Series[str]:
    """Without training and validation records within so many hours of a test record.

    That is from the end of one to the beginning of the other where the table has `hours`, how long
    windows are, else from beginning to beginning. Training records so near to a validation record
    that stays go as well. Stations do not matter:
    a field that reaches all of them is on both sides at once. Hours that leave a class without a
    training record, or no validation, are refused.
    """
    if not hours:
        return parts
    start = times(table)
    long = float(table["hours"].max()) if "hours" in table else 0.0
    kept = _apart(start, parts, hours + long)
    if _teaches(table, parts, kept):
        return kept
    tried = (hours / 2**k for k in range(1, HALVINGS + 1))
    fits = (h for h in tried if _teaches(table, parts, _apart(start, parts, h + long)))
    best = f"{next(fits, 0.0):.3g}"
    raise Refused(
        f"purge_hours={hours:g} leaves a class without training, or none to validate",
        "dataset.purge_hours",
        f"dataset.purge_hours={best}, more folds, or fewer records near each other",
    )


def _apart(start: NDArray[np.datetime64], parts: pd.Series[str], hours: float) -> pd.Series[str]:
    """The parts with the embargo's words: first around test, then around validation."""
    for tested, others in (("test", ("train", "val")), ("val", ("train",))):
        near = _gaps(start, (parts == tested).to_numpy()) < _span(hours)
        parts = parts.mask(near & parts.isin(others), "purged")
    return parts


def _teaches(table: pd.DataFrame, before: pd.Series[str], after: pd.Series[str]) -> bool:
    """Whether each class that could be trained on still is, and something validates."""
    were, are = (set(table.loc[parts == "train", "label"]) for parts in (before, after))
    return were == are and bool((after == "val").any() or not (before == "val").any())


def _gaps(start: NDArray[np.datetime64], tests: NDArray[np.bool_]) -> Gaps:
    """How far in time each record begins from the nearest of some, `(record,)`."""
    if not tests.any():
        return np.full(len(start), np.timedelta64(2**62, "ns"))
    among = np.sort(start[tests])
    after = np.searchsorted(among, start)
    ahead = np.abs(among[after.clip(max=len(among) - 1)] - start)
    behind = np.abs(start - among[(after - 1).clip(min=0)])
    return np.asarray(np.minimum(ahead, behind))


def _span(hours: float) -> np.timedelta64:
    return np.timedelta64(round(hours * 3600), "s")
