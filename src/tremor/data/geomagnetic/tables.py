"""The tables beside day files: earthquakes, stations, activity of the Earth's field."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tremor.data.geomagnetic.archive import Note
from tremor.data.geomagnetic.sphere import distance_km
from tremor.data.sources.cells import csv_table
from tremor.errors import Refused

SAME_SECONDS, SAME_KM = 60.0, 50.0
"""Two rows as close as this are one earthquake."""
STAMP = "%Y%m%dT%H%M%S"
PLACE = ("latitude", "longitude")
INDICES = {"kp": (0.0, 9.0), "dst": (-2000.0, 2000.0)}
"""The columns of indices (Dst in nT), and what can be true of them; all else is not known."""
PUBLISHED = re.compile(r"(\d)([-o+])")
THIRDS = {"-": -1 / 3, "o": 0.0, "+": 1 / 3}
TENTHS = (0, 3, 7)  # last digits of Kp in tenths: 3- is 27, 3o is 30, 3+ is 33


def earthquakes(path: Path) -> tuple[pd.DataFrame, list[Note]]:
    """The earthquakes of a catalogue in order of time, each once, and what was left out.

    Columns time (UTC), latitude, longitude (degrees), depth (km), magnitude; `event` may name them.
    """
    table = _table(path, ("time", *PLACE, "depth", "magnitude"))
    table = _understood(table, ("depth", "magnitude", *PLACE))
    faults = _faults(table, ("magnitude", *PLACE)) | {"no time": table["time"].isna()}
    table, notes = _without(table, faults, path)
    table = table.rename(columns={"depth": "depth_km"})
    table = table.sort_values("time", kind="stable", ignore_index=True)
    table, again = _once(table)
    notes += [(f"{path.name} {one}", f"listed again, next to {other}") for one, other in again]
    table["event"] = _names(table)
    return table[["event", "time", *PLACE, "depth_km", "magnitude"]], notes


def stations(path: Path) -> tuple[pd.DataFrame, list[Note]]:
    """The stations: station (capitals), latitude, longitude (degrees), and what was left out."""
    table = _understood(_table(path, ("station", *PLACE)), PLACE)
    table["station"] = table["station"].fillna("").str.strip().str.upper()
    named = {
        "no station": table["station"] == "",
        "the station again": table["station"].duplicated(),
    }
    faults = _faults(table, PLACE) | named
    table, notes = _without(table, faults, path)
    return table[["station", *PLACE]].reset_index(drop=True), notes


def indices(path: Path) -> tuple[pd.DataFrame, list[Note]]:
    """Kp and/or Dst (nT) in order of time, the UTC start of their hours, and what was left out.

    Kp is a number from 0 to 9, or as published: `2+` is 2.333, `3-` is 2.667, `2o` is 2.
    """
    table = _table(path, ("time",))
    given = [name for name in INDICES if name in table]
    if not given:
        problem = f"neither kp nor dst among its columns {list(table.columns)}"
        raise Refused(problem, str(path), "add a column kp or dst, or take the file away")
    said = table[given].notna()
    if "kp" in given:
        table["kp"] = _thirds(table["kp"])
    table = _understood(table, tuple(given))
    if "kp" in given:
        _refuse_tenths(table["kp"], path)
    faults = {"no time": table["time"].isna(), "the time again": table["time"].duplicated()}
    table, notes = _without(table, faults, path)
    for name in given:
        low, high = INDICES[name]
        table[name] = table[name].where(table[name].between(low, high))
        if lost := int((said.loc[table.index, name] & table[name].isna()).sum()):
            why = f"{lost} values of {name} not from {low:g} to {high:g}: not known"
            notes.append((path.name, why))
    return table[["time", *given]].sort_values("time", ignore_index=True), notes


def _thirds(texts: pd.Series[str]) -> pd.Series[str]:
    """Kp as published (`2+`) as numbers of text; all else as it was."""

    def number(text: object) -> object:
        found = PUBLISHED.fullmatch(str(text).strip())
        return str(int(found[1]) + THIRDS[found[2]]) if found else text

    return texts.map(number)


def _refuse_tenths(kp: pd.Series[float], path: Path) -> None:
    """Kp that runs to 90 would be taken for storms and gaps; 99 and more stand for gaps."""
    known = kp[kp.between(0, 90)]
    if (known > 9).any() and (known % 10).isin(TENTHS).all():
        problem = f"kp is in tenths, up to {known.max():g}: it runs from 0 to 9"
        raise Refused(problem, str(path), "divide its column kp by 10")


def _table(path: Path, needed: tuple[str, ...]) -> pd.DataFrame:
    settings: Any = {"dtype": str, "keep_default_na": False, "na_values": [""]}
    try:
        table = csv_table(path, skipinitialspace=True, **settings)
    except (OSError, ValueError) as error:
        problem = f"cannot read it as a table ({str(error).strip()})"
        raise Refused(problem, str(path), "give a CSV in UTF-8, with a point in numbers") from error
    table.columns = [str(name).strip().lower() for name in table.columns]
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise Refused(f"two columns of the name {twice}", str(path), "keep one of them")
    if lacking := [name for name in needed if name not in table]:
        problem = f"no column {', '.join(lacking)}; it has {', '.join(table.columns)}"
        raise Refused(problem, str(path), f"the columns must be {', '.join(needed)}")
    return table


def _understood(table: pd.DataFrame, numbers: tuple[str, ...]) -> pd.DataFrame:
    """Numbers and times (UTC, to the microsecond) in place of text; NaN and NaT where it is not."""
    table = table.copy()
    for name in numbers:
        table[name] = pd.to_numeric(table[name], errors="coerce").astype(np.float64)
    if "time" in table:
        stamps = pd.to_datetime(table["time"], utc=True, errors="coerce", format="ISO8601")
        table["time"] = stamps.dt.tz_localize(None).astype("datetime64[us]")
    return table


def _faults(table: pd.DataFrame, needed: tuple[str, ...]) -> dict[str, pd.Series[bool]]:
    """Which rows lack a number that is needed, or lie off the globe."""
    faults = {f"no {name}": ~np.isfinite(table[name]) for name in needed}
    faults["latitude beyond 90 degrees"] = table["latitude"].abs() > 90
    faults["longitude beyond 360 degrees"] = table["longitude"].abs() > 360
    return faults


def _without(
    table: pd.DataFrame, faults: dict[str, pd.Series[bool]], path: Path
) -> tuple[pd.DataFrame, list[Note]]:
    """The rows without a fault, and the others by number (from 1, below the header)."""
    good = pd.Series(True, index=table.index)
    notes: list[Note] = []
    for what, rows in faults.items():
        numbers = table.index[rows & good] + 1
        notes += [(f"{path.name} row {number}", f"{what}") for number in numbers]
        good &= ~rows
    if not good.any():
        why = ", ".join(sorted({why for _, why in notes})) or "it has none"
        raise Refused(f"no usable row: {why}", str(path), "mend the table")
    return table[good], notes


def _names(table: pd.DataFrame) -> pd.Series[str]:
    """The catalogue's own names, or else the origin time, and the place where that is not enough.

    A name that is given to two earthquakes is of no use either.
    """
    stamps = table["time"].dt.strftime(STAMP)
    place = table["latitude"].map("_{:+.2f}".format) + table["longitude"].map("{:+.2f}".format)
    names: pd.Series[str] = stamps.where(~stamps.duplicated(keep=False), stamps + place)
    if "event" not in table:
        return names
    own = table["event"].astype("string").str.strip().fillna("")
    useful = (own != "") & ~own.duplicated(keep=False)
    return pd.Series(np.where(useful, own, names), index=table.index, dtype=object)


def _once(table: pd.DataFrame) -> tuple[pd.DataFrame, list[tuple[str, str]]]:
    """The table without repeated earthquakes, the stronger row kept; which, and of which."""
    seconds = table["time"].to_numpy().astype("datetime64[us]").astype(np.int64) / 1e6
    lat, lon = table["latitude"].to_numpy(), table["longitude"].to_numpy()
    first = np.searchsorted(seconds, seconds - SAME_SECONDS)
    last = np.searchsorted(seconds, seconds + SAME_SECONDS, side="right")
    kept_by: dict[int, int] = {}
    for one in map(int, np.argsort(-table["magnitude"].to_numpy(), kind="stable")):
        if one in kept_by:
            continue
        near = np.arange(first[one], last[one])
        near = near[distance_km(lat[one], lon[one], lat[near], lon[near]) <= SAME_KM]
        kept_by |= {int(other): one for other in near if other not in kept_by}
    stamps = table["time"].dt.strftime(STAMP)
    again = [(stamps[a], stamps[b]) for a, b in sorted(kept_by.items()) if a != b]
    rows = [one for one in range(len(table)) if kept_by[one] == one]
    return table.iloc[rows].reset_index(drop=True), again
