"""Cells of tables from outside, understood; and what is raised when they cannot be."""

from __future__ import annotations

from datetime import datetime
from typing import Any


class Unusable(Exception):
    """Why a trace cannot be a record."""


def number(value: Any) -> float:
    """A number, or not-a-number where there is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def written(stamp: datetime) -> str:
    """A time in UTC as ISO text to the microsecond."""
    return stamp.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
