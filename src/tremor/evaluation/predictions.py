"""A predictions.csv as a judge takes it: looked at before anything is counted."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.sources.cells import unshifted
from tremor.errors import Refused
from tremor.files import read_exactly, readable

REMEDY = "give the predictions.csv of a run as it was written, or evaluate the run again"
NAMED = ("record_id", "group")
NOTHING = ("", "nan", "NaN")


@dataclass(frozen=True)
class Question:
    """The columns of one question, the numbers that labels start from, and how many answers are."""

    label: str
    predicted: str
    chances: tuple[str, ...]
    first: int
    answers: int

    @classmethod
    def of_head(cls, classes: Sequence[str], head: str = "") -> Question:
        """One of the classes; where it is asked by a head, -1 is a label that is not known."""
        end, chances = (f"_{head}", f"p_{head}_") if head else ("", "p_")
        names = tuple(f"{chances}{name}" for name in classes)
        return cls(f"label{end}", f"predicted{end}", names, -1 if head else 0, len(names))

    @classmethod
    def of_class(cls, name: str) -> Question:
        """Yes or no, or not known."""
        return cls(f"label_{name}", f"predicted_{name}", (f"p_{name}",), -1, 2)

    def faults(self, table: pd.DataFrame) -> Iterator[str]:
        """What keeps a table from holding answers to it."""
        needed = (self.label, self.predicted, *self.chances)
        if lacking := [name for name in needed if name not in table]:
            yield f"no column {', '.join(lacking)}"
            return
        for name in self.chances:
            p = _numbers(table[name])
            yield from _first(table, (p >= 0) & (p <= 1), f"{name} that is not from 0 to 1")
        for name, first in ((self.label, self.first), (self.predicted, 0)):
            known = np.isin(_numbers(table[name]), np.arange(first, self.answers))
            yield from _first(table, known, f"{name} that is no number of a class")


def read_predictions(path: Path, classes: Sequence[str] = ()) -> pd.DataFrame:
    """A table of predictions of one class each; one that says what cannot be is refused.

    It must be of these `classes`, where some are given.
    """
    with readable(path, REMEDY, Refused):
        table = table_of(read_exactly(path))
    asked = [str(name).removeprefix("label_") for name in table if str(name).startswith("label_")]
    if asked:
        fault = f"these are answers to several questions: {', '.join(asked)[:200]}"
        remedy = "python evaluate.py checkpoint=<run> judges them, scripts/compare.py --head one"
        raise Refused(fault, str(path), remedy)
    return of_one(table, path, classes)


def table_of(text: str) -> pd.DataFrame:
    """The text of a table of predictions; a record, group or station may be called NA."""
    text = text.removeprefix("\ufeff")
    names = pd.read_csv(io.StringIO(text), nrows=0).columns
    return unshifted(
        io.StringIO(text),
        dtype=dict.fromkeys(NAMED, str),
        keep_default_na=False,
        na_values={name: [] if name in NAMED else list(NOTHING) for name in names},
        float_precision="round_trip",
    )


def of_one(table: pd.DataFrame, path: Path, classes: Sequence[str] = ()) -> pd.DataFrame:
    """Predictions of one class each, read from `path`; refused if they are none of `classes`."""
    for foreign in (name for name in classes if f"p_{name}" not in table):
        raise _refused(f"no class {foreign}", path)
    there = (str(name) for name in table if str(name).startswith("p_"))
    said = classes or [name.removeprefix("p_") for name in there]
    if not said or table.empty:
        return table  # told by whoever needs more
    return sound(table, path, [Question.of_head(said)])


def of_heads(table: pd.DataFrame, path: Path, heads: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """As `of_one`, of the classes of several heads."""
    return sound(table, path, [Question.of_head(its, head) for head, its in heads.items()])


def of_several(table: pd.DataFrame, path: Path, classes: Sequence[str]) -> pd.DataFrame:
    """As `of_one`, of classes that a record may have at once."""
    return sound(table, path, [Question.of_class(name) for name in classes])


def sound(table: pd.DataFrame, path: Path, questions: Sequence[Question]) -> pd.DataFrame:
    """A table that answers these questions about named records; else it is refused."""
    with readable(path, REMEDY, Refused):
        lacking = [name for name in NAMED if name not in table]
        if lacking:
            raise _refused(f"no column {', '.join(lacking)}", path)
        if (table[list(NAMED)] == "").any(axis=None) or not table["record_id"].is_unique:
            raise _refused("records without a name or group, or twice", path)
        for fault in (fault for question in questions for fault in question.faults(table)):
            raise _refused(fault, path)
        counted = {name: np.int64 for it in questions for name in (it.label, it.predicted)}
        return table.astype(counted)


def rows_of(table: pd.DataFrame | None, said: pd.DataFrame) -> pd.DataFrame | None:
    """What is known of the records that predictions are about, in their order."""
    if table is None:
        return None
    return table.set_index("record_id").loc[said["record_id"]].reset_index()


def _refused(fault: str, path: Path) -> Refused:
    return Refused(f"these are no predictions: {fault}", str(path), REMEDY)


def _numbers(column: pd.Series[Any]) -> NDArray[np.float64]:
    """A column as numbers, not-a-number where there is none."""
    return pd.to_numeric(column, errors="coerce").to_numpy(np.float64)


def _first(table: pd.DataFrame, sound: NDArray[np.bool_], fault: str) -> Iterator[str]:
    """The fault with the first record that has it, if one has."""
    if not sound.all():
        yield f"{fault} (record {table['record_id'].iat[int(np.argmin(sound))]})"
