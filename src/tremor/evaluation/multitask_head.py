"""One question of several: its part of the predictions and tables, as a single one has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.predictions import rows_of


@dataclass(frozen=True)
class Head:
    """One question: its classes, and the records whose answer is known, as a single one has them.

    `said` are predictions (`label, predicted, p_<class>`), `validation` those of other records,
    `rows` and `train` the tables.
    """

    name: str
    classes: tuple[str, ...]
    said: pd.DataFrame
    rows: pd.DataFrame | None
    train: pd.DataFrame | None
    validation: pd.DataFrame | None

    @classmethod
    def of(
        cls,
        predictions: pd.DataFrame,
        name: str,
        classes: Sequence[str],
        table: pd.DataFrame | None,
        train: pd.DataFrame | None,
        validation: pd.DataFrame | None = None,
    ) -> Head:
        """The part of predictions and tables that is about one head."""
        said = _said(predictions, name, classes)
        other = None if validation is None else _said(validation, name, classes)
        rows, taught = _of_head(table, name), _of_head(train, name)
        return cls(name, tuple(classes), said, rows_of(rows, said), taught, other)

    @cached_property
    def judged(self) -> Judged:
        return Judged.of(self.said, self.classes)


def _said(predictions: pd.DataFrame, name: str, classes: Sequence[str]) -> pd.DataFrame:
    """What was said of one head, of the records with a known answer, as of a single one."""
    own = {f"label_{name}": "label", f"predicted_{name}": "predicted"}
    own |= {f"p_{name}_{c}": f"p_{c}" for c in classes}
    columns = predictions[["record_id", "group", *own]].rename(columns=own)
    return columns[columns["label"] >= 0].reset_index(drop=True)


def _of_head(table: pd.DataFrame | None, name: str) -> pd.DataFrame | None:
    """The records with a known answer, whose `label` it is; nothing if there are none."""
    if table is None:
        return None
    known = table[table[f"label_{name}"] >= 0]
    return known.assign(label=known[f"label_{name}"]) if len(known) else None
