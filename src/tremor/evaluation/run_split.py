"""What a run's split.csv tells: the stations and events of its records, part by part."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tremor.errors import Refused
from tremor.evaluation.runs import Run

TEXTS = ("record_id", "group", "station", "split")


def split_table(run: Run) -> pd.DataFrame | None:
    """The run's split.csv, a row a record; `None` where it kept none."""
    path = run.folder / "split.csv"
    return pd.read_csv(path, dtype=dict.fromkeys(TEXTS, str)) if path.is_file() else None


def split_of(run: Run) -> pd.DataFrame:
    """The run's split.csv: record_id, group, station, label and part of each record."""
    table = split_table(run)
    if table is None or not set(TEXTS) <= set(table) or table["station"].isna().any():
        said, where = "nothing tells the stations of this run's records", run.folder / "split.csv"
        raise Refused(said, str(where), "train it again on dataset=stations, or leave it out")
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
