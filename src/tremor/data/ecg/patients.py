"""Whose record it is: a table of records and patients, as splits by patient need it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tremor.data.sources.cells import csv_table
from tremor.errors import Refused

COLUMNS = ("record", "patient")


def patients_of(table: str | None) -> dict[str, str]:
    """The patient of each record, by the record's name, from a CSV with these two columns."""
    if table is None:
        return {}
    path = Path(table).expanduser()
    return _read(path, str(path))


def _read(path: Path, where: str) -> dict[str, str]:
    if not path.is_file():
        remedy = "dataset.patients=FILE, or null: each record is then a patient of its own"
        raise Refused("this table of patients is not there", where, remedy)
    try:
        table = csv_table(path, dtype=str, keep_default_na=False).fillna("")
    except ValueError as error:
        problem = f"cannot read it as a table ({str(error).strip()})"
        raise Refused(problem, where, "give a CSV with the columns record and patient") from error
    if lacking := [name for name in COLUMNS if name not in table]:
        problem = f"no column {', '.join(lacking)}; it has {list(table.columns)}"
        raise Refused(problem, where, "call the columns record and patient")
    told = pd.DataFrame({name: table[name].str.strip() for name in COLUMNS})
    said = told.drop_duplicates()
    if not said["record"].is_unique:
        twice = said["record"][said["record"].duplicated()].iloc[0]
        raise Refused(f"record {twice} has two patients", where, "keep one row of each record")
    pairs = zip(said["record"], said["patient"], strict=True)
    return {str(record): str(patient) for record, patient in pairs if record and patient}
