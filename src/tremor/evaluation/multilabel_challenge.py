"""The score of the PhysioNet/CinC Challenges 2020 and 2021: some wrong answers count in part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tremor.errors import Refused
from tremor.evaluation.metrics import Floats, Index

SINUS = "426783006"
"""The SNOMED code of sinus rhythm, which the Challenge takes for normal."""


@dataclass(frozen=True)
class Challenge:
    """What an answer `k` earns where `j` is true, `weights[j, k]`; `normal`: sinus rhythm."""

    weights: Floats
    normal: int

    def earned(self, labels: Index, answers: Index) -> Floats:
        """What each record's answers earn, `(record,)`, of `(record, class)` each.

        The weights of all pairs of a true and an answered class, over how many classes are either;
        a record with an unknown label (-1) earns nothing.
        """
        true = (labels == 1) & (labels >= 0).all(-1, keepdims=True)
        said = answers == 1
        either = np.maximum((true | said).sum(-1), 1)
        return np.asarray(((true.astype(float) @ self.weights) * said).sum(-1) / either, np.float64)

    def bounds(self, labels: Index) -> Floats:
        """What sinus rhythm alone and the truth itself earn of each record, `(record, 2)`."""
        always = np.zeros_like(labels)
        always[..., self.normal] = 1
        return np.stack([self.earned(labels, said) for said in (always, labels)], -1)


def normalised(earned: Floats, bounds: Floats) -> Floats:
    """The score: 1 for a perfect answer, 0 for sinus rhythm alone; not a number if these are one.

    `earned` `(…,)` and `bounds` `(…, 2)` are sums over records.
    """
    low, high = bounds[..., 0], bounds[..., 1]
    apart = np.abs(high - low) > 1e-12 * np.maximum(np.abs(high), 1)
    unknown = np.full(np.shape(earned), np.nan)
    return np.asarray(np.divide(earned - low, high - low, out=unknown, where=apart))


def read_weights(
    path: str, classes: Sequence[str], codes: Mapping[str, Sequence[Any]] | None
) -> Challenge:
    """Read the Challenge's weights for these classes from a CSV with codes as rows and columns.

    A row may hold equivalent codes, joined by `|`. A class is found by any of its codes, or by its
    name. Refused where a class is missing, or sinus rhythm is none of them.
    """
    table = _read(path)
    places = {code: n for n, row in enumerate(table.index) for code in str(row).split("|")}
    named = {name: [name, *map(str, (codes or {}).get(name, ()))] for name in classes}
    found = {name: next((places[c] for c in its if c in places), -1) for name, its in named.items()}
    if lacking := [name for name, place in found.items() if place < 0]:
        remedy = "a table with these classes, or null for no such score"
        raise Refused(f"no weights of {', '.join(lacking)}", path, remedy)
    normal = [n for n, its in enumerate(named.values()) if SINUS in _with_equals(its, table)]
    if not normal:
        fault = f"no class is sinus rhythm ({SINUS}), against which the score is measured"
        raise Refused(fault, "evaluation.challenge_weights", "add it to dataset.classes, or null")
    chosen = list(found.values())
    return Challenge(table.to_numpy(np.float64)[np.ix_(chosen, chosen)], normal[0])


def _with_equals(codes: Sequence[str], table: pd.DataFrame) -> set[str]:
    """Some codes, and those that share a row with them."""
    rows = (set(str(row).split("|")) for row in table.index)
    return {*codes, *(code for row in rows if row & set(codes) for code in row)}


def _read(path: str) -> pd.DataFrame:
    """A square table of numbers whose rows and columns are named alike."""
    remedy = "the Challenge's weights.csv, or a table like it"
    try:
        table = pd.read_csv(Path(path).expanduser(), index_col=0, dtype=str)
        named = [" ".join(str(name).split()) for name in table.index]
        table = table.set_axis([str(c).strip() for c in table], axis=1).set_axis(named, axis=0)
        numbers = table.astype(float)
    except (OSError, ValueError) as error:
        raise Refused(f"no table of weights: {error}", path, remedy) from error
    if list(numbers.index) != list(numbers.columns) or numbers.empty:
        raise Refused("rows and columns are not the same classes", path, remedy)
    if not np.isfinite(numbers.to_numpy()).all():
        raise Refused("a weight is not a number", path, remedy)
    return numbers
