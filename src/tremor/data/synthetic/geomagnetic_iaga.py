"""The text of a day file in IAGA-2002, made for all of a day's lines at once."""

from __future__ import annotations

from datetime import date

import numpy as np
from numpy.typing import NDArray

from tremor.data.geomagnetic.archive import Field
from tremor.data.synthetic.geomagnetic_sites import Floats

Text = NDArray[np.uint8]
"""Characters, `(line, column)`."""

MISSING = b"  99999.00"  # a sample that was lost
UNRECORDED = 88888.0  # a component that there never was
MINUTES = 180 * 60 / np.pi  # minutes of arc of a radian
WIDTH = 70  # of a header's line, its bar included
COLUMN = 10  # characters of a value
CLOCK = (  # character of each digit of the time of day, its seconds, and those of what it counts in
    (11, 36000, 86400),
    (12, 3600, 36000),
    (14, 600, 3600),
    (15, 60, 600),
    (17, 10, 60),
    (18, 1, 10),
)
BLANK, DOT, MINUS, ZERO = b" .-0"


def iaga2002(station: str, place: tuple[float, float], day: date, signal: Field) -> bytes:
    """One day at 1 Hz of H, D (the field to the east) and Z in nT, `(3, 86400)`, NaN for missing.

    D is written in minutes of arc, as the standard asks, with four decimals: two lose 0.1 nT.
    """
    h, east, z = signal.astype(np.float64)
    lines = [
        _clock(day),
        _values(h, 2),
        _values(np.arctan2(east, h) * MINUTES, 4),
        _values(z, 2),
        _values(np.full(len(h), UNRECORDED), 2),
        np.full((len(h), 1), ord("\n"), np.uint8),
    ]
    return _header(station, *place).encode() + np.hstack(lines).tobytes()


def _clock(day: date) -> Text:
    """Date, time of day and day of the year at the start of each line."""
    line = np.frombuffer(f"{day:%Y-%m-%d} 00:00:00.000 {day:%j}   ".encode(), np.uint8)
    second = np.arange(86400)
    made = np.tile(line, (len(second), 1))
    for at, one, within in CLOCK:
        made[:, at] = ZERO + second % within // one
    return made


def _values(values: Floats, decimals: int) -> Text:
    """Numbers in columns of ten characters, to the right, and a code for NaN."""
    missing = np.isnan(values)
    known = np.where(missing, 0.0, values)
    left = np.rint(np.abs(known) * 10**decimals).astype(np.int64)
    negative = (known < 0) & (left > 0)
    made = np.full((len(values), COLUMN), BLANK, np.uint8)
    place = COLUMN
    for digit in range(COLUMN - 2):
        if digit == decimals:
            place -= 1
            made[:, place] = DOT
        place -= 1
        shown = (left > 0) | (digit <= decimals)
        sign = ~shown & negative
        made[:, place] = np.where(shown, ZERO + left % 10, np.where(sign, MINUS, BLANK))
        negative &= ~sign
        left //= 10
    if left.any() or negative.any():
        raise ValueError(f"a value is too large for a column of {decimals} decimals")
    made[missing] = np.frombuffer(MISSING, np.uint8)
    return made


def _header(station: str, latitude: float, longitude: float) -> str:
    """The mandatory entries, what D is, and the names of the columns."""
    entries = {
        "Format": "IAGA-2002",
        "Source of Data": "made up",
        "Station Name": f"Synthetic {station}",
        "IAGA CODE": station,
        "Geodetic Latitude": f"{latitude:.3f}",
        "Geodetic Longitude": f"{longitude:.3f}",
        "Elevation": "0",
        "Reported": "HDZF",
        "Sensor Orientation": "HDZ",
        "Digital Sampling": "1 second",
        "Data Interval Type": "1-second",
        "Data Type": "variation",
    }
    lines = [f" {key:<23}{value}" for key, value in entries.items()]
    lines.append(" # D is in minutes of arc, with four decimals; F was not recorded")
    names = "      ".join(f"{station}{component}" for component in "HDZF")
    lines.append(f"DATE       TIME         DOY     {names}")
    return "".join(f"{line:<{WIDTH - 1}}|\n" for line in lines)
