"""Rows of the tables of an ECG study, and what they come to over records, by patient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from tremor.errors import Refused
from tremor.explain.audit.intervals import Average, average
from tremor.explain.heart.stability import MEASURES

Cell = float | int | str | None
Cells = Mapping[str, Cell]

HEADLINES = (
    *(
        f"{level}_{metric}"
        for level in ("strict", "lenient", "truth")
        for metric in ("attauc", "f1")
    ),
    "strict_p_at_k",
    "lenient_p_at_k",
    "deletion_auc",
    "insertion_auc",
    "faithfulness_gain",
    "faithfulness_gain_second",
    *(f"extra_{measure}" for measure in MEASURES),
    "extra_prediction_stays",
)
"""Columns of the ablation, where rows have them."""
CLAIMED = {"attauc": ("shifted", "leads", "random", "other")}
"""Metrics whose differences to these nulls are what is claimed."""
GAINS = {"faithfulness_gain": "end_logit", "faithfulness_gain_second": "end_logit_second"}
"""Columns in units of what the record adds to its fill, whose logit is here."""


def in_order(cells: Cells, columns: Mapping[str, str]) -> dict[str, Cell]:
    """A row of a table: all its columns in their order, None where nothing was measured."""
    unknown = [name for name in cells if name not in columns]
    if unknown:
        raise Refused(f"columns {', '.join(unknown)} that are not documented", "tables", "")
    return {name: cells.get(name) for name in columns}


def stability_by_class(rows: Sequence[Cells]) -> list[dict[str, Cell]]:
    """Mean, standard deviation and interval of each measure, of each class and method."""
    found = []
    for names, some in _grouped(rows, ("class_name", "method", "scoring", "stamp")):
        line: dict[str, Cell] = {**names, **_counts(some, "extra_spearman")}
        for name in (*(f"extra_{m}" for m in MEASURES), "extra_prediction_stays"):
            known = [v for v in _numbers(some, name) if v is not None]
            line |= _cells(f"{name}_mean", _averaged(some, name), name)
            line[f"{name}_sd"] = float(np.std(known, ddof=1)) if len(known) > 1 else None
            if name.removeprefix("extra_") in MEASURES:
                beyond = f"{name}_beyond_other"
                line |= _cells(beyond, _beyond(some, name, f"{name}_other"), beyond)
        found.append(line)
    return found


def ablation(rows: Sequence[Cells]) -> list[dict[str, Cell]]:
    """Every method, scoring and class in one line, with intervals by patient."""
    found = []
    for names, some in _grouped(rows, ("class_name", "method", "scoring", "stamp")):
        line: dict[str, Cell] = {**names, **_counts(some)}
        line["n_pointed"] = _counts(some, "strict_attauc")["n_records"]
        for name in HEADLINES:
            line |= _cells(name, _averaged(some, name), name)
            for null in CLAIMED.get(name.rpartition("_")[2], ()):
                beyond = f"{name}_beyond_{null}"
                line |= _cells(beyond, _beyond(some, name, f"{name}_{null}"), beyond)
        found.append(line)
    return found


def difference(rows: Sequence[Cells], first: str, second: str, column: str) -> Average:
    """By how much one method exceeds another on the same records, by patient."""
    mine, theirs = ({_who(r): r for r in rows if r.get("method") == m} for m in (first, second))
    both = [who for who in mine if who in theirs]
    pairs = [(_number(mine[w], column), _number(theirs[w], column)) for w in both]
    values = [None if a is None or b is None else a - b for a, b in pairs]
    return _mean(values, [mine[w] for w in both], column)


def _who(row: Cells) -> tuple[Cell, ...]:
    return row.get("class_name"), row.get("record_id"), row.get("scoring")


def _grouped(
    rows: Iterable[Cells], keys: Sequence[str]
) -> Iterable[tuple[dict[str, Cell], list[Cells]]]:
    """Rows that have the same cells in some columns, sorted by them."""

    def key(row: Cells) -> tuple[str, ...]:
        return tuple(str(row.get(name) or "") for name in keys)

    for found, some in groupby(sorted(rows, key=key), key):
        yield dict(zip(keys, found, strict=True)), list(some)


def _counts(rows: Sequence[Cells], column: str | None = None) -> dict[str, Cell]:
    known = [row for row in rows if column is None or _number(row, column) is not None]
    return {"n_records": len(known), "n_groups": len({row.get("group") for row in known})}


def _averaged(rows: Sequence[Cells], column: str) -> Average:
    return _mean(_numbers(rows, column), rows, column)


def _mean(values: Sequence[float | None], rows: Sequence[Cells], column: str) -> Average:
    """By patient; gains as the sum over records in logits, over that of what these add to the fill.

    A mean of their ratios would be decided by whichever record adds next to nothing.
    """
    groups, units = [str(row.get("group")) for row in rows], [_unit(row, column) for row in rows]
    if all(unit is None for unit in units):
        return average(values, groups)
    pairs = zip(values, units, strict=True)
    scaled = [None if v is None or unit is None else v * unit for v, unit in pairs]
    return average(scaled, groups, units)


def _unit(row: Cells, column: str) -> float | None:
    """How far the record's logit is from that of the fill, where a column is told in that unit."""
    if column not in GAINS:
        return None
    start, end = _number(row, "start_logit"), _number(row, GAINS[column])
    return None if start is None or end is None else abs(start - end)


def _beyond(rows: Sequence[Cells], column: str, null: str) -> Average:
    pairs = zip(_numbers(rows, column), _numbers(rows, null), strict=True)
    values = [None if a is None or b is None else a - b for a, b in pairs]
    return average(values, [str(row.get("group")) for row in rows])


def _cells(name: str, found: Average, ends: str) -> dict[str, Cell]:
    """An average as cells: its value, and the ends of its interval."""
    low, high = found.interval or (None, None)
    return {name: found.value, f"{ends}_low": low, f"{ends}_high": high}


def _numbers(rows: Sequence[Cells], column: str) -> list[float | None]:
    return [_number(row, column) for row in rows]


def _number(row: Cells, column: str) -> float | None:
    """A cell as a number; None where it is none, as in a CSV that was read back."""
    cell: Any = row.get(column)
    if cell is None or cell == "" or cell != cell:
        return None
    return float(cell)
