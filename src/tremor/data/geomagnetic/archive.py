"""What the source `magnetometer` reads: days of a field at some stations, and their tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.errors import TremorError

DAY = 86_400  # s

Field = NDArray[np.floating[Any]]
"""Samples `(channel, time)` of the magnetic field (nT): NaN where one is missing."""

Note = tuple[str, str]
"""What could not be used, or not whole, and why: `("S180305.SBG", "cadence 60 s, not 1 s")`."""


@dataclass(frozen=True)
class Day:
    """One UTC day at one station: `(channel, time)` in nT from 00:00:00, NaN where it is missing.

    `signal` is float64 where the field is absolute (40,000 nT in float32 is only good to 0.004 nT).
    """

    signal: Field
    notes: tuple[Note, ...] = ()


class Archive(Protocol):
    """Where days and tables come from: files or a synthetic world; a dataclass of settings."""

    @property
    def channels(self) -> Sequence[str]:
        """The components, such as H, D, Z."""
        ...

    @property
    def sampling_rate(self) -> float:
        """Samples a second (Hz)."""
        ...

    def files(self) -> list[Path]:
        """All outside files whose content decides the records; refuses those that are missing."""
        ...

    def stations(self) -> pd.DataFrame:
        """One row a station: station (name), latitude, longitude (degrees)."""
        ...

    def earthquakes(self) -> pd.DataFrame:
        """One row an earthquake, in order of time.

        event (name), time (UTC Timestamp), latitude, longitude (degrees), depth_km, magnitude.
        """
        ...

    def indices(self) -> pd.DataFrame | None:
        """Activity of the whole Earth: time (UTC, start of the 1 h or 3 h), kp and/or dst (nT)."""
        ...

    def notes(self) -> list[Note]:
        """Rows of tables and files that could not be used, and why: empty for a world."""
        ...

    def days(self) -> list[tuple[str, date]]:
        """The stations and UTC days that there are data for."""
        ...

    def day(self, station: str, day: date) -> Day:
        """The samples of one UTC day of `days()`."""
        ...


def samples_a_day(sampling_rate: float) -> int:
    """How many samples a UTC day has."""
    return round(DAY * sampling_rate)


def checked(day: Day, archive: Archive) -> Day:
    """The day, if it has the promised channels and length; a fault of the archive otherwise."""
    promised = (len(archive.channels), samples_a_day(archive.sampling_rate))
    if day.signal.shape != promised:
        problem = f"a day of shape {day.signal.shape}, {promised} promised"
        raise TremorError(problem, type(archive).__name__, "mend the archive's method day()")
    return day
