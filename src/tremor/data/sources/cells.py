"""Cells of tables and samples from outside: understood, or raised as unusable."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
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
    except (TypeError, ValueError):
        return float("nan")


def written(stamp: datetime) -> str:
    """A time in UTC as ISO text to the microsecond."""
    return stamp.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
