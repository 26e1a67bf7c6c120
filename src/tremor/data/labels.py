"""What is to be told apart: the labels as the source gave them, or classes by time.

Chosen by `dataset.labels`. A record that no class takes has the label -1, and no part in the split.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from tremor.data.sources.norcia_files import NAMES, PHASES, FileSet
from tremor.errors import Refused

NONE = "none of these"
"""What a record is called that may have several classes, and has none."""


@dataclass(frozen=True)
class Labelled:
    """A table whose `label` counts in `classes`; `ordered` where those follow in time.

    Where several questions are asked of each record, `heads` has the classes of each by name, and
    the table a column `label_<head>` for each; `label` is then that of the first.

    Where a record may have several classes at once (`multi`), the table has a column
    `label_<class>` for each: 1 yes, 0 no, -1 unknown. `label` is then the place of the first class
    that the record has, or their number where it has none: it counts in `strata`.
    """

    table: pd.DataFrame
    classes: tuple[str, ...]
    ordered: bool = False
    heads: dict[str, tuple[str, ...]] = field(default_factory=dict)
    multi: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that hold what is to be told."""
        names = self.classes if self.multi else self.heads
        return tuple(f"label_{name}" for name in names) or ("label",)

    @property
    def strata(self) -> tuple[str, ...]:
        """The names that `label` counts in."""
        return (*self.classes, NONE) if self.multi else self.classes


def label_columns(table: pd.DataFrame) -> list[str]:
    """The columns of a table that hold labels: `label`, and one for each head or class."""
    return [str(c) for c in table if c == "label" or str(c).startswith("label_")]


def as_stored(table: pd.DataFrame, classes: Sequence[str]) -> Labelled:
    """The source's own classes."""
    return Labelled(table, tuple(classes))


def before_after(
    table: pd.DataFrame, classes: Sequence[str], balance: bool = True, seed: int = 0
) -> Labelled:
    """Foreshock or aftershock, from the phases pre and post.

    `balance` leaves out records of the larger class, drawn by `seed`, until each station has as
    many of either: then neither a class nor a station is the better guess.
    """
    phase = table["label"].map(dict(enumerate(classes)))
    label = phase.map({"pre": 0, "foreshock": 0, "post": 1, "aftershock": 1})
    label = label.fillna(-1).astype(int)
    if balance:
        rng = np.random.default_rng((seed, 7))
        for _, rows in label[label >= 0].groupby(table["station"]):
            sides = [rows.index[rows == side] for side in (0, 1)]
            size = min(map(len, sides))
            for side in sides:
                label[rng.permutation(side)[size:]] = -1
    return Labelled(table.assign(label=label, phase=phase), ("foreshock", "aftershock"))


def weighted(
    table: pd.DataFrame, classes: Sequence[str], weights: tuple[float, ...] | None
) -> Labelled:
    """The source's own classes; each folder gets its share of the training draws.

    `weights` has a number for each folder in their order, however many traces those have.
    """
    folders = table["dataset"].unique()
    if weights is None:
        return as_stored(table, classes)
    if len(weights) != len(folders) or min(weights) <= 0:
        problem = f"{list(weights)} for {len(folders)} folders"
        raise Refused(problem, "dataset.weights", "give one positive number a folder")
    shares = table["dataset"].map(dict(zip(folders, weights, strict=True)))
    return as_stored(table.assign(weight=shares), classes)


def time_bins(
    table: pd.DataFrame,
    classes: Sequence[str],
    num_classes: int,
    main_shock: str,
    seed: int = 0,
) -> Labelled:
    """Equal numbers of events in order of time: foreshocks, (Visso,) aftershocks.

    An odd number of classes has the days between Visso and the main shock as one in the middle.
    Where a phase has too many events, `seed` decides who is left out.
    """
    start = pd.to_datetime(table["start_time"], format="ISO8601", utc=True)
    phase = table["label"].map(dict(enumerate(classes)))
    counts = {name: int((phase == name).sum()) for name in PHASES}
    label, rng = pd.Series(-1, table.index), np.random.default_rng((seed, 3))
    number = 0
    station = str(table["station"].iloc[0]) if "station" in table else "*"
    for name, bins, size in plan(num_classes, counts, station):
        rows = table.index[phase == name]
        drawn = rng.permutation(len(rows))[: counts_kept(counts, num_classes)[name]]
        ordered = start[rows[drawn]].sort_values(kind="stable").index
        for place in range(bins):
            label[ordered[place * size : (place + 1) * size]] = number
            number += 1
    since = (start - utc(main_shock)).dt.total_seconds()
    made = table.assign(label=label, phase=phase, ttf_seconds=since)
    return Labelled(made, names(num_classes), ordered=True)


def utc(text: str) -> pd.Timestamp:
    """A time in UTC, which it is unless it says otherwise."""
    try:
        stamp = pd.Timestamp(text)
        if pd.isna(stamp):
            raise ValueError("no time at all")
    except ValueError as error:
        remedy = "give UTC, such as 2016-10-30T06:40:17.32"
        raise Refused(f"'{text}' is not a time", "dataset.main_shock", remedy) from error
    return stamp.tz_localize("UTC") if stamp.tz is None else stamp.tz_convert("UTC")


def counts_kept(counts: dict[str, int], num_classes: int) -> dict[str, int]:
    """How many events of each phase take part, so that no class can have more than another."""
    half, middle = divmod(num_classes, 2)
    if not middle:
        fewer = min(counts["pre"], counts["post"])
        return {"pre": fewer, "visso": 0, "post": fewer}
    size = min(counts["pre"], counts["post"], half * counts["visso"]) // half
    return {"pre": half * size, "visso": size, "post": half * size}


def plan(num_classes: int, counts: dict[str, int], station: str) -> list[tuple[str, int, int]]:
    """Each phase that takes part, into how many classes it is cut, and how many events each has."""
    if num_classes < 2:
        problem = f"{num_classes} classes by time are too few to tell apart"
        raise Refused(problem, "dataset.num_classes", "dataset.num_classes=2 or more")
    half, middle = divmod(num_classes, 2)
    lacking = [name for name in PHASES if not counts[name] and (middle or name != "visso")]
    size = counts_kept(counts, num_classes)["pre"] // half
    if lacking or size < 1:
        have = ", ".join(f"{count} {name}" for name, count in counts.items())
        why = f"no event of {', '.join(lacking)}" if lacking else "too few events"
        remedy = _without_visso(station) if lacking == ["visso"] else "fewer classes"
        raise Refused(
            f"{num_classes} classes by time: {why} ({have})", "dataset.num_classes", remedy
        )
    phases = [("pre", half), ("visso", middle), ("post", half)]
    return [(name, bins, size) for name, bins in phases if bins]


def _without_visso(station: str) -> str:
    """What to do where an odd number of classes has no Visso."""
    sets = [FileSet(kind, Path(), station).of("visso") for kind in NAMES]
    files = ", or ".join(" with ".join(map(str, paths)) for paths in sets)
    return f"an even dataset.num_classes, or the files of Visso: {files}"


def names(num_classes: int) -> tuple[str, ...]:
    """FEQ1, FEQ2, …, (Visso,) AEQ1, AEQ2, … in order of time."""
    half, middle = divmod(num_classes, 2)
    if num_classes == 2:
        return ("foreshock", "aftershock")
    numbers = range(1, half + 1)
    return (*(f"FEQ{n}" for n in numbers), *["Visso"] * middle, *(f"AEQ{n}" for n in numbers))


def limits(labelled: Labelled) -> list[dict[str, object]]:
    """When each class begins and ends (UTC, and days from the main shock), and its events."""
    rows: list[dict[str, object]] = []
    for number, name in enumerate(labelled.classes):
        part = labelled.table[labelled.table["label"] == number]
        days = part["ttf_seconds"] / 86400
        from_main = {"first_day": round(days.min(), 4), "last_day": round(days.max(), 4)}
        events = {"events": int(part["group"].nunique())}
        rows.append({"class": name} | events | _span(part) | from_main)
    return rows


def visso(labelled: Labelled) -> list[dict[str, object]]:
    """When Visso was (UTC), like a row of `limits`, where it has events and is no class."""
    part = labelled.table[labelled.table["phase"] == "visso"]
    none = part.empty or "Visso" in labelled.classes
    return [] if none else [{"class": "Visso"} | _span(part)]


def on_the_wrong_side(labelled: Labelled) -> int:
    """Records that begin before the main shock but belong after it, or the reverse."""
    after = labelled.table["ttf_seconds"] >= 0
    return int((after != (labelled.table["phase"] == "post")).sum())


def _span(part: pd.DataFrame) -> dict[str, object]:
    return {"first": part["start_time"].min(), "last": part["start_time"].max()}
