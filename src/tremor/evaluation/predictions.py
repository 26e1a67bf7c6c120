"""A predictions.csv as a judge takes it: looked at before anything is counted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from tremor.errors import Refused
from tremor.files import readable

REMEDY = "give the predictions.csv of a run as it was written, or evaluate the run again"
NAMED = ("record_id", "group")
COUNTED = ("label", "predicted")


def read_predictions(path: Path, classes: Sequence[str] = ()) -> pd.DataFrame:
    """A table of predictions as it was written; one that says what cannot be is refused.

    It must be of these `classes`, where some are given.
    """
    with readable(path, REMEDY, Refused):
        table = pd.read_csv(
            path, dtype=dict.fromkeys(NAMED, str), float_precision="round_trip", index_col=False
        )
    refuse_foreign(table, path, classes)
    return table


def refuse_foreign(table: pd.DataFrame, path: Path, classes: Sequence[str] = ()) -> None:
    """Refuse a table, read from `path`, that is no predictions of these classes."""
    with readable(path, REMEDY, Refused):
        foreign = [name for name in classes if f"p_{name}" not in table]
        for fault in [f"no class {name}" for name in foreign] + _faults(table):
            raise Refused(f"these are no predictions: {fault}", str(path), REMEDY)


def rows_of(table: pd.DataFrame | None, said: pd.DataFrame) -> pd.DataFrame | None:
    """What is known of the records that predictions are about, in their order."""
    if table is None:
        return None
    return table.set_index("record_id").loc[said["record_id"]].reset_index()


def _faults(table: pd.DataFrame) -> list[str]:
    """What keeps a table from being predictions of one class each."""
    chances = [name for name in table if str(name).startswith("p_")]
    lacking = [name for name in (*NAMED, *COUNTED) if name not in table]
    if not chances or table.empty:
        return []  # told by whoever needs them
    if lacking:
        return [f"no column {', '.join(lacking)}"]
    found = []
    if table[list(NAMED)].isna().any(axis=None) or not table["record_id"].is_unique:
        found.append("records without a name or group, or twice")
    values = table[chances].to_numpy(np.float64)
    if not ((values >= 0) & (values <= 1)).all():
        found.append("probabilities that are not from 0 to 1")
    for name in COUNTED:
        numbers = table[name].to_numpy(np.float64)
        if not np.isin(numbers, np.arange(len(chances))).all():
            found.append(f"{name} that is no number of a class")
    return found
