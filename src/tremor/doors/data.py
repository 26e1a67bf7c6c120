"""From the dataset node to loaders: records, split and leak audit, the same for every door."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from tremor.config.build import Plain, build
from tremor.data.audit import audit, refuse_leaks
from tremor.data.cache import open_records
from tremor.data.module import DataModule
from tremor.data.records import RecordSet
from tremor.data.splits import refuse_empty
from tremor.doors.echo import say
from tremor.errors import Refused
from tremor.training.assemble import Facts


@dataclass(frozen=True)
class Data:
    """Records with their split, its audit, and the loaders over it."""

    records: RecordSet
    parts: pd.Series[str]
    audit: dict[str, Any]
    module: DataModule

    @property
    def facts(self) -> Facts:
        """What the network must know of the data."""
        r = self.records
        return Facts(len(r.channels), self.module.length, r.sampling_rate, r.classes)

    def split_table(self) -> pd.DataFrame:
        """Which record went where, as split.csv holds it."""
        table = self.records.table[["record_id", "group", "label", "signal_hash"]]
        return table.assign(split=self.parts.to_numpy())


def open_data(config: Plain) -> Data:
    """Open (or make) the records, split them, audit the split; anything unsound is refused."""
    source = build(config["dataset"]["records"])
    records, made = open_records(source, config["cache_dir"])
    _refuse_classes(records, config["dataset"]["num_classes"])
    parts = build(config["dataset"]["split"], table=records.table)
    refuse_empty(parts, records.table)
    result = audit(records.table, parts, records.classes)
    refuse_leaks(result)
    module = build(config["loader"], records=records, parts=parts)
    data = Data(records, parts, result, module)
    _tell(data, made)
    return data


def _refuse_classes(records: RecordSet, wanted: int) -> None:
    if len(records.classes) != wanted:
        names = ", ".join(records.classes)
        raise Refused(
            f"the records have {len(records.classes)} classes ({names}), num_classes is {wanted}",
            "dataset.num_classes",
            f"dataset.num_classes={len(records.classes)}",
        )


def _tell(data: Data, made: bool) -> None:
    """Say what the data are: records, events, files, what was set aside, the split."""
    table, records = data.records.table, data.records
    where = "made and kept in" if made else "from"
    events = table["group"].nunique()
    say(f"data     {len(table)} records of {events} events, {where} {records.folder}")
    if "file" in table:
        counts = table["file"].value_counts(sort=False)
        say("files    " + ", ".join(f"{name}: {count}" for name, count in counts.items()))
    aside = records.meta["set_aside"]
    reasons = pd.Series([item["reason"].partition(" to ")[0] for item in aside], dtype=str)
    if aside:
        counted = ", ".join(f"{count} {reason}" for reason, count in reasons.value_counts().items())
        say(f"aside    {counted} ({', '.join(item['record_id'] for item in aside[:5])} …)")
    for part in ("train", "val", "test"):
        rows = [row for row in data.audit["balance"] if row["split"] == part]
        said = ", ".join(
            f"{row['class']} {row['records']} of {row['groups']} events" for row in rows
        )
        say(f"{part:<8} {said}")
