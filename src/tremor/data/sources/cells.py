"""Cells of tables and samples from outside: understood, or raised as unusable."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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


def written(stamp: datetime) -> str:
    """A time in UTC as ISO text to the microsecond."""
    return stamp.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
