"""The units that coordinates are told in: hertz and seconds, or millihertz and minutes.

Everything else computes in Hz and s; where an axis is made, or read back, its unit is decided here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tremor.explain.explanation import Axis

SLOW = 1.0  # Hz: where all frequencies are below, they are told in mHz
LONG = 600.0  # s: slow records that last longer are told in minutes

BASE = {"Hz": ("Hz", 1.0), "mHz": ("Hz", 1e-3), "s": ("s", 1.0), "min": ("s", 60.0)}
"""Of each unit the one that is computed in, and how many of those it is."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Units:
    """In what frequencies and times are told."""

    frequency: str = "Hz"
    time: str = "s"

    @classmethod
    def of(cls, highest: float, span: float) -> Units:
        """For frequencies up to `highest` (Hz) and times that span so many seconds."""
        if highest >= SLOW:
            return cls()
        return cls("mHz", "min" if span > LONG else "s")

    def frequencies(self, hertz: Iterable[float]) -> Axis:
        """The axis of these frequencies (Hz)."""
        return Axis("frequency", _told(hertz, self.frequency), self.frequency)

    def times(self, seconds: Iterable[float]) -> Axis:
        """The axis of these times (s)."""
        return Axis("time", _told(seconds, self.time), self.time)


def converted(values: ArrayLike, unit: str) -> Floats:
    """Seconds or hertz in a unit of the same kind; any other unit is taken to be theirs."""
    return np.asarray(np.asarray(values, np.float64) / _size(unit))


def based(axis: Axis) -> Floats:
    """The values of an axis in Hz or s."""
    return np.asarray(np.asarray(axis.values, np.float64) * _size(axis.unit))


def step(axis: Axis) -> float | None:
    """The width of a cell in Hz or s; None for names and single cells."""
    return None if axis.step is None else axis.step * _size(axis.unit)


def base(unit: str) -> str:
    """Hz or s, whichever a unit is of; the unit itself where it is neither."""
    return BASE.get(unit, (unit, 1.0))[0]


def _size(unit: str) -> float:
    return BASE.get(unit, (unit, 1.0))[1]


def _told(values: Iterable[float], unit: str) -> tuple[float, ...]:
    size = _size(unit)
    return tuple(values) if size == 1.0 else tuple(float(f"{v / size:.9g}") for v in values)
