"""Cells of tables and samples from outside: understood, or raised as unusable."""

from __future__ import annotations

import warnings
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray


class Unusable(Exception):
    """Why a trace cannot be a record."""


def sound(signal: NDArray[Any]) -> NDArray[Any]:
    """Samples `(channel, time)` that are numbers, of which at least one channel moves."""
    if not np.isfinite(signal).all():
        raise Unusable("samples that are not finite")
    if (signal == signal[:, :1]).all():
        raise Unusable("all channels constant")
    return signal


def number(value: Any) -> float:
    """A number, or not-a-number where there is none."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return float("nan")


def numbers(column: pd.Series[Any]) -> NDArray[np.float64]:
    """A column of a table as numbers, not-a-number where there is none.

    Whole numbers beyond 64 bits, which pandas leaves as Python's own, become infinite or inexact.
    """
    texts = column if pd.api.types.is_numeric_dtype(column) else column.astype(str)
    return pd.to_numeric(texts, errors="coerce").to_numpy(np.float64)


def csv_table(path: Path, **settings: Any) -> pd.DataFrame:
    """A CSV as pandas reads it; a `ValueError` where its columns are not those of its header."""
    head = pd.read_csv(path, header=None, nrows=1, dtype=str, keep_default_na=False)
    names = head.iloc[0].str.strip()
    if twice := sorted({*names[names.duplicated() & (names != "")]}):
        raise ValueError(f"two columns of the name {twice[0]}")
    return unshifted(path, **settings)


def unshifted(source: Path | TextIO, **settings: Any) -> pd.DataFrame:
    """As pandas reads a CSV; a `ValueError` where its lines have more fields than its header."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        try:
            table: pd.DataFrame = pd.read_csv(source, index_col=False, **settings)
        except pd.errors.ParserWarning as error:
            fault = "its lines have more fields than its header: a comma in one?"
            raise ValueError(fault) from error
    return table


def written(stamp: datetime) -> str:
    """A time in UTC as ISO text to the microsecond."""
    return stamp.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
