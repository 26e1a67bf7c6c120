"""From the dataset node to loaders: records, split and leak audit, the same for every door."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from tremor.config.build import Plain, build
from tremor.data.audit import warning
from tremor.data.cache import open_records
from tremor.data.labels import Labelled, on_the_wrong_side
from tremor.data.module import DataModule
from tremor.data.multilabel import lacking, meant_too
from tremor.data.parts import PARTS, refuse_empty
from tremor.data.records import RecordSet
from tremor.doors.echo import counting, say
from tremor.errors import Refused
from tremor.training.assemble import Facts

LEFT_OUT = {
    "purged": "left out, too near in time to a test event or seen by the tested station",
    "no noise": "P is unknown, or comes within a second and a half",
}
"""Words of a split that are no part, and why."""
LACKING = {
    "train": "nothing can be learned of it",
    "val": "it is left out of the means of validation, and its threshold is 0.5",
    "test": "it cannot be judged",
}
"""What it means that no record of a part has a class."""


@dataclass(frozen=True)
class Data:
    """Records with their split, its audit, and the loaders over it."""

    records: RecordSet
    labelled: Labelled
    parts: pd.Series[str]
    audit: dict[str, Any]
    module: DataModule

    @property
    def facts(self) -> Facts:
        """What the network must know of the data."""
        r = self.records
        said = self.labelled
        shape = (len(r.channels), self.module.length, r.sampling_rate)
        return Facts(*shape, said.classes, said.heads, said.multi)

    def split_table(self) -> pd.DataFrame:
        """Which record went where, as split.csv holds it."""
        known = ["record_id", "group", "station", "label", "ttf_seconds", "signal_hash"]
        shown = [*dict.fromkeys([*known, *self.labelled.columns])]
        table = self.records.table.filter(shown)
        return table.assign(split=self.parts.to_numpy())


def open_data(config: Plain) -> Data:
    """Open (or make) the records, split them, audit the split; anything unsound is refused."""
    source = build(config["dataset"]["records"])
    with counting("reading records") as tell:
        records, made = open_records(source, config["cache_dir"], tell)
    labels = config["dataset"]["labels"]
    made_of: Labelled = build(labels, table=records.table, classes=records.classes)
    labelled: Labelled = build(config["dataset"]["control"], labelled=made_of)
    _refuse_classes(labelled, config["dataset"]["num_classes"])
    records = replace(records, table=labelled.table)
    used = labelled.table[labelled.table["label"] >= 0]
    parts = build(config["dataset"]["split"], table=used)
    parts = parts.reindex(labelled.table.index, fill_value="unused")
    module = build(config["loader"], records=records, parts=parts, columns=labelled.columns)
    unit = config["evaluation"].get("unit", "event")
    refuse_empty(module.parts[used.index], used, labelled.multi, unit)
    known = {"table": records.table, "parts": module.parts, "classes": labelled.classes}
    result = build(config["dataset"]["audit"], **known, multi=labelled.multi)
    data = Data(records, labelled, module.parts, result, module)
    _tell(data, made, unit)
    if labelled.multi:
        for warned in meant_too(records.table, config["dataset"]["classes"]):
            say(f"WARNING  {warned}")
    return data


def _refuse_classes(labelled: Labelled, wanted: int | None) -> None:
    """The records must have the classes asked for; none are needed where there is no label.

    A single class is enough where a record may have it or not.
    """
    classes = labelled.classes
    if wanted is None or len(classes) == wanted > (0 if labelled.multi else 1):
        return
    names, found = ", ".join(classes), len(classes)
    several = f"dataset.num_classes={found}" if found > 1 else "give records of two classes or more"
    raise Refused(
        f"the records have {found} {'classes' if found > 1 else 'class'} ({names}), "
        f"num_classes is {wanted}",
        "dataset.num_classes",
        several,
    )


def _tell(data: Data, made: bool, unit: str) -> None:
    """Say what the data are: records, groups (a `unit` each), what was set aside, the split."""
    _tell_records(data, made, unit)
    _tell_parts(data, unit)
    if data.labelled.multi:
        _tell_lacking(data)
    if leak := warning(data.audit):
        say(f"WARNING  {leak}")
    wrong = on_the_wrong_side(data.labelled) if data.labelled.ordered else 0
    if wrong:
        say(f"WARNING  {wrong} records are on the wrong side of dataset.main_shock for their phase")
    for word, why in LEFT_OUT.items():
        lost = data.records.table[data.parts == word].groupby("label")["group"].nunique()
        if len(lost):
            said = ", ".join(f"{data.labelled.strata[n]} {lost[n]}" for n in lost.index)
            say(f"{word:<8} {said} {unit}s: {why}")


def _tell_records(data: Data, made: bool, unit: str) -> None:
    """Where the records are from, and which were set aside."""
    table, records = data.records.table, data.records
    where = "made and kept in" if made else "from"
    events = table["group"].nunique()
    say(f"data     {len(table)} records of {events} {unit}s, {where} {records.folder}")
    if "file" in table:
        counts = table["file"].value_counts(sort=False)
        say("files    " + ", ".join(f"{name}: {count}" for name, count in counts.items()))
    aside = records.meta["set_aside"]
    reasons = pd.Series([_reason(item["reason"]) for item in aside], dtype=str)
    if aside:
        counted = ", ".join(
            f"{count} × {reason}" for reason, count in reasons.value_counts().items()
        )
        say(f"aside    {counted} ({', '.join(item['record_id'] for item in aside[:5])} …)")
    for note in records.meta.get("notes", ()):
        say(f"note     {note}")


def _reason(told: str) -> str:
    """Why something was set aside, without what differs from one to the next."""
    return re.sub(r"^\d+ % ", "too much ", told.partition(" to ")[0])


def _tell_parts(data: Data, unit: str) -> None:
    """The classes of each part, and of each head but the first."""
    for part in [part for part in PARTS if (data.parts == part).any()]:
        rows = [row for row in data.audit["balance"] if row["split"] == part]
        said = ", ".join(
            f"{row['class']} {row['records']} of {row['groups']} {unit}s" for row in rows
        )
        say(f"{part:<8} {said}")
    for head, names in list(data.labelled.heads.items())[1:]:
        counts = data.records.table[f"label_{head}"].value_counts()
        said = ", ".join(f"{name} {counts.get(place, 0)}" for place, name in enumerate(names))
        say(f"{head:<8} {said}")


def _tell_lacking(data: Data) -> None:
    """What cannot be chosen or judged, for want of a record that has the class."""
    unknown = int((data.labelled.table["label"] < 0).sum())
    if unknown:
        say(f"unknown  {unknown} records without any code: in no part")
    for part, why in LACKING.items():
        names = list(lacking(data.labelled, data.parts, part))
        if names and (data.parts == part).any():
            say(f"WARNING  no record of {part} has {', '.join(names)}: {why}")
