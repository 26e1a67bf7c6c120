"""What a run's split.csv tells: the stations and events of its records, part by part."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tremor.errors import Refused
from tremor.evaluation.runs import Run


def split_of(run: Run) -> pd.DataFrame:
    """The run's split.csv: record_id, group, station, label and part of each record."""
    path = run.folder / "split.csv"
    wanted = {"record_id", "group", "station", "split"}
    table = pd.read_csv(path, dtype=dict.fromkeys(wanted, str)) if path.is_file() else None
    if table is None or not wanted <= set(table) or table["station"].isna().any():
        said = "nothing tells the stations of this run's records"
        raise Refused(said, str(path), "train it again on dataset=stations, or leave it out")
    return table


def station_of(run: Run) -> pd.Series[str]:
    """The station of each record of a run, by record_id."""
    return split_of(run).set_index("record_id")["station"]


def events_of(run: Run, parts: Sequence[str]) -> frozenset[str]:
    """The events of some parts of a run's split."""
    table = split_of(run)
    return frozenset(table.loc[table["split"].isin(parts), "group"])


def where_trained(run: Run) -> tuple[str, ...]:
    """The stations of a run's training records, by name."""
    table = split_of(run)
    return tuple(sorted(table.loc[table["split"] == "train", "station"].unique()))
