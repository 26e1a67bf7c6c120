"""The leak audit: what must hold of every split before anything is trained on it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from tremor.data.labels import NONE
from tremor.data.parts import PARTS
from tremor.errors import TremorError

Check = dict[str, Any]


def audited(
    table: pd.DataFrame,
    parts: pd.Series[str],
    classes: tuple[str, ...],
    multi: bool = False,
    allow_leak: bool = False,
) -> dict[str, Any]:
    """The audit of a split, which is refused where it leaks, unless that is allowed."""
    result = audit(table, parts, classes, multi)
    refuse_leaks(result, allow_leak)
    return result


def audit(
    table: pd.DataFrame, parts: pd.Series[str], classes: tuple[str, ...], multi: bool = False
) -> dict[str, Any]:
    """Checks of the split, as many as the table has columns for, and its class balance.

    With `multi` a record may have several of the classes.
    """
    used = table.assign(split=parts)[parts.isin(PARTS)]
    checks = [
        _sides(used, "group", "no event on two sides"),
        _sides(used, "signal_hash", "no identical signal on two sides"),
    ]
    known = set(used)
    checks += [check(used) for needed, check in FURTHER if needed <= known]
    return {"checks": checks, "balance": (balance_of_several if multi else balance)(used, classes)}


def _known(used: pd.DataFrame) -> Check:
    """Records whose event the source does not know: one may be on two sides, unseen."""
    records = used.loc[~used["event_known"].astype(bool), "record_id"]
    detail = ", ".join(records.astype(str).head(10))
    name = "the event of every record is known"
    return {"check": name, "passed": records.empty, "count": len(records), "detail": detail}


def _sides(used: pd.DataFrame, column: str, name: str) -> Check:
    """Values of a column that occur in more than one part."""
    codes, values = pd.factorize(used[column])
    sides = pd.factorize(used["split"])[0]
    pairs = np.unique(codes[codes >= 0] * len(PARTS) + sides[codes >= 0])
    values = values[np.bincount(pairs // len(PARTS), minlength=len(values)) > 1]
    records = used.loc[used[column].isin(values), "record_id"]
    detail = ", ".join(records.astype(str).head(10))
    return {"check": name, "passed": not len(values), "count": len(values), "detail": detail}


def _overlaps(used: pd.DataFrame) -> Check:
    """Windows of one station's recording that share time with one of another part.

    `hours` is how long a window is [h], and a source tells it where windows are cut from a
    recording that goes on: they share samples then. Records cut around events have no such column:
    where a sequence is dense they overlap by nature, with another event in each.
    """
    begin = pd.to_datetime(used["start_time"], format="ISO8601", utc=True)
    spans = used.assign(begin=begin, end=begin + pd.to_timedelta(used["hours"], unit="h"))
    ordered = spans.sort_values("begin", kind="stable").groupby("station")
    records = [record for _, windows in ordered for record in _met(windows)]
    name = "no overlap in time at one station on two sides"
    detail = ", ".join(records[:10])
    return {"check": name, "passed": not records, "count": len(records), "detail": detail}


def _met(windows: pd.DataFrame) -> list[str]:
    """Those of a station's windows, in order of their begin, that meet one of another part."""
    found: list[str] = []
    ends: dict[str, pd.Timestamp] = {}  # when the last window of each part so far ends
    columns = (windows[name] for name in ("record_id", "split", "begin", "end"))
    for name, part, begin, end in zip(*columns, strict=True):
        if any(other != part and last > begin for other, last in ends.items()):
            found.append(str(name))
        ends[part] = max(end, ends.get(part, end))
    return found


def _quiet_days(used: pd.DataFrame) -> Check:
    """Quiet windows (without an event's time) of one station and day that are in several parts."""
    quiet = used[used["event_time"].isna() | (used["event_time"].astype(str) == "")]
    days = quiet["station"].astype(str) + " " + quiet["start_time"].astype(str).str[:10]
    return _sides(quiet.assign(day=days), "day", "quiet station-days are whole")


FURTHER: tuple[tuple[set[str], Callable[[pd.DataFrame], Check]], ...] = (
    ({"event_known"}, _known),
    ({"station", "start_time", "hours"}, _overlaps),
    ({"station", "start_time", "event_time"}, _quiet_days),
)
"""Checks of tables that have these columns."""


def balance(used: pd.DataFrame, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Records and events of each class in each part."""
    rows = []
    for (split, label), part in used.groupby(["split", "label"]):  # type: ignore[misc]
        counts = {"records": len(part), "groups": int(part["group"].nunique())}
        rows.append({"split": str(split), "class": classes[int(str(label))], **counts})
    order = {"train": 0, "val": 1, "test": 2}
    return sorted(rows, key=lambda row: (order[row["split"]], classes.index(row["class"])))


def balance_of_several(used: pd.DataFrame, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Records and events that have each class, and those that have none, in each part.

    A record that has two classes is counted twice; one that has none by its label, which is then
    the number of classes.
    """
    rows = []
    for split in (name for name in PARTS if (used["split"] == name).any()):
        part = used[used["split"] == split]
        those = {name: part[part[f"label_{name}"] == 1] for name in classes}
        those[NONE] = part[part["label"] == len(classes)]
        for name, own in those.items():
            counts = {"records": len(own), "groups": int(own["group"].nunique())}
            rows.append({"split": split, "class": name, **counts})
    return rows


def refuse_leaks(result: dict[str, Any], allowed: bool = False) -> None:
    """Stop when a check failed: no number of such a split is worth having.

    Where that is `allowed`, for comparison with studies that had such splits, `warning` says it.
    """
    failed = _failed(result)
    if failed and not allowed:
        said = "; ".join(f"{c['check']}: {c['count']} found ({c['detail']})" for c in failed)
        raise TremorError(
            f"the split leaks: {said}",
            "the leak audit (before training)",
            "give records of one event one group, remove copies from the source, and keep windows "
            "apart (dataset.purge_hours of leave_event_out); "
            "dataset.allow_leak=true goes on, and says it first in every report",
        )


def warning(result: dict[str, Any]) -> str | None:
    """What must be said first of anything that such a split has made possible."""
    if failed := _failed(result):
        said = "; ".join(f"{check['check']} is broken ({check['count']})" for check in failed)
        return f"THE SPLIT LEAKS: {said}. These numbers flatter: do not report them."
    return None


def _failed(result: dict[str, Any]) -> list[Check]:
    return [check for check in result["checks"] if not check["passed"]]
