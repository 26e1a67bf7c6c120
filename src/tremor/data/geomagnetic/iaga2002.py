"""Day files in IAGA-2002 text, as observatories exchange them."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from tremor.data.geomagnetic.names import day_of
from tremor.data.geomagnetic.samples import Numbers, Samples, content, seconds_of, without_codes
from tremor.data.sources.cells import Unusable

NAME = re.compile(
    r"(?P<station>[A-Za-z0-9]{3})_?(?P<day>\d{8})[^.]*\.(sec|min|txt)(\.gz)?", re.IGNORECASE
)
TIMES = ["DATE", "TIME", "DOY"]
LONGEST = 1000  # bytes of a line
MINUTES = 180 * 60 / np.pi  # minutes of arc of a radian


@dataclass(frozen=True)
class Iaga2002:
    """Files such as `wic_20230712_1hz.sec` or `bou20141101vmin.min.gz`.

    The standard gives D as an angle: with `d_in_minutes` it becomes the field to the east, H times
    its tangent (nT), like the D of an instrument. A last line that is cut is left out.
    """

    d_in_minutes: bool = True

    def claims(self, name: str) -> tuple[str, date] | None:
        """The station and day of a name with a station code of three letters and a date."""
        return day_of(NAME.fullmatch(name), "%Y%m%d")

    def read(self, path: Path, day: date) -> Samples:
        """The samples of one file, in its own order of components (nT)."""
        text, notes = content(path)
        header, columns, body = _parts(text)
        station = header.get("iaga code", columns[3][:3]).upper()
        names = tuple(name.upper().removeprefix(station) for name in columns[3:])
        if len(set(names)) < len(names):
            raise Unusable(f"components {', '.join(names)}, one of them twice")
        lines, cut = _whole_lines(body)
        table = _table(lines, names)
        seconds = seconds_of(table["date"].str.cat(table["clock"], sep="T"), day)
        good = np.isfinite(seconds)
        values = without_codes(table[list(names)].to_numpy(np.float64)[good].T)
        if self.d_in_minutes and {"D", "H"} <= set(names):
            east = _east(values[names.index("H")], values[names.index("D")])
            values[names.index("D")] = east
        bad = sum(map(bool, map(bytes.strip, lines.split(b"\n")))) - int(good.sum())
        notes += (("the last line is cut",) if cut else ()) + (
            (f"{bad} lines that cannot be understood",) if bad else ()
        )
        return Samples(names, seconds[good], values, station, notes)


def _east(h: Numbers, angle: Numbers) -> Numbers:
    """The field to the east (nT) of H (nT) and a declination (minutes of arc)."""
    return np.asarray(h * np.tan(angle / MINUTES), dtype=np.float64)


def _parts(text: bytes) -> tuple[dict[str, str], list[str], bytes]:
    """The header's entries (keys in lower case), the names of all columns, and the lines."""
    if b"IAGA-2002" not in text[:200].upper():
        raise Unusable("not in the format IAGA-2002")
    found = re.search(rb"^DATE[^\n]*\n", text, re.MULTILINE | re.IGNORECASE)
    if found is None:
        raise Unusable("ends within its header")
    lines = text[: found.start()].decode("latin-1").splitlines()
    entries = {line[1:24].strip().lower(): line[24:69].strip() for line in lines}
    columns = found.group().decode("latin-1").replace("|", " ").split()
    if [name.upper() for name in columns[:3]] != TIMES or len(columns) < 4:
        raise Unusable(f"columns {' '.join(columns)}, not DATE TIME DOY and components")
    return {k: v for k, v in entries.items() if v}, columns, text[found.end() :]


def _whole_lines(body: bytes) -> tuple[bytes, bool]:
    """The lines, without a last one that is shorter than the one before; and whether it was."""
    lines, end, last = body.rpartition(b"\n")
    if not last.strip():
        return body, False
    before = lines.rstrip()[-LONGEST:].rpartition(b"\n")[2]
    return (body + b"\n", False) if len(last.rstrip()) == len(before) else (lines + end, True)


def _table(lines: bytes, names: tuple[str, ...]) -> pd.DataFrame:
    """`date`, `clock` and the values of all lines, NaN where one cannot be understood."""
    if not lines.strip():
        raise Unusable("no samples")
    columns = ["date", "clock", "doy", *names]
    first = [len(line.split()) for line in lines[: 4 * LONGEST].split(b"\n")[:2]]
    if min(first) > len(columns):
        raise Unusable(f"{first[0]} fields in its first line, {len(columns)} in its header")
    try:
        return _read(lines, columns, dict.fromkeys(names, "float64"))
    except ValueError:
        return _patiently_read(lines, columns, names)


def _patiently_read(lines: bytes, columns: list[str], names: tuple[str, ...]) -> pd.DataFrame:
    """Like `_read`, but of lines among which some hold what is no number."""
    try:
        table = _read(lines, columns, dict.fromkeys(names, "str"))
    except ValueError as error:
        raise Unusable(f"lines without the columns {', '.join(names)}") from error
    table[list(names)] = table[list(names)].apply(pd.to_numeric, errors="coerce")
    return table


def _read(lines: bytes, columns: list[str], kinds: dict[str, str]) -> pd.DataFrame:
    return pd.read_csv(
        io.BytesIO(lines),
        sep=r"\s+",
        names=columns,
        usecols=columns,
        index_col=False,
        on_bad_lines="skip",
        quoting=csv.QUOTE_NONE,
        encoding="latin-1",
        dtype={"date": "str", "clock": "str", "doy": "str", **kinds},
    )
