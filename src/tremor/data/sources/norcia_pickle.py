"""Traces from pickled DataFrames: one row a trace, its three components as arrays in columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tremor.data.sources.norcia_files import (
    COMPONENTS,
    NEEDED,
    Trace,
    broken,
    fault_of,
    named_rows,
    refuse_lacking,
)
from tremor.data.sources.safe_pickle import read_pickle
from tremor.errors import Refused

COLUMNS = [f"{component}_channel" for component in COMPONENTS]


def pickled_traces(path: Path) -> Iterator[Trace]:
    """All rows of a file; nothing that it asks to run is run."""
    frame = read_pickle(path)
    if not isinstance(frame, pd.DataFrame):
        what = type(frame).__name__
        raise Refused(f"holds a {what}, not a DataFrame", str(path), "give a pickled DataFrame")
    refuse_lacking(frame, (*NEEDED, *COLUMNS), path)
    parts = zip(*(frame[column] for column in COLUMNS), strict=True)
    attributes = frame.drop(columns=[*COLUMNS, *frame.columns.intersection(["label"])])
    for (name, row, fault), components in zip(named_rows(attributes, path), parts, strict=True):
        yield broken(name, row, fault) if fault else _trace(name, row, components)


def _trace(name: str, row: dict[str, Any], components: tuple[Any, ...]) -> Trace:
    """A trace, if its components are rows of numbers of the right length."""
    lacking = [c for c, part in zip(COMPONENTS, components, strict=True) if not _numbers(part)]
    if lacking:
        return broken(name, row, f"no component {', '.join(lacking)}")
    lengths = {len(part) for part in components}
    if len(lengths) > 1:
        return broken(name, row, "components of unequal length")
    fault = fault_of((len(components), *lengths))
    return broken(name, row, fault) if fault else Trace(name, row, np.stack(components))


def _numbers(part: Any) -> bool:
    return isinstance(part, np.ndarray) and part.ndim == 1 and part.dtype.kind in "iuf"
