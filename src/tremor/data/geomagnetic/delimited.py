"""Day files as tables of text: one column of times, one a component."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from tremor.data.geomagnetic.names import day_of
from tremor.data.geomagnetic.samples import Numbers, Samples, content, seconds_of, without_codes
from tremor.data.sources.cells import Unusable, numbers

DECIMAL_COMMA = r"[-+]?\d+,\d+"
NAME = re.compile(r"(?P<station>[A-Za-z0-9-]+)_(?P<day>\d{8})\.csv(\.gz)?", re.IGNORECASE)


@dataclass(frozen=True)
class DelimitedDay:
    """Files such as `SBG_20180305.csv` or `SBG_20180305.csv.gz`: a header, then a line a sample.

    `time` is the column of times: ISO text (UTC, or with its zone), or seconds after 00:00 UTC.
    `columns` gives the header of a component where that is not the component's own name. A last
    line without an end may be cut, and is left out. Numbers have a decimal point, and each line as
    many fields as the header: a file whose first line has not is refused, others are counted.
    """

    time: str = "time"
    columns: dict[str, str] | None = None
    separator: str = ","

    def claims(self, name: str) -> tuple[str, date] | None:
        """The station and day of a name like `STATION_YYYYMMDD.csv`."""
        return day_of(NAME.fullmatch(name), "%Y%m%d")

    def read(self, path: Path, day: date) -> Samples:
        """The samples of one file (nT), under the names of components."""
        text, notes = content(path)
        lines, _, rest = text.rpartition(b"\n")
        notes += ("the last line is cut",) if rest.strip() else ()
        table, bad = self._table(lines)
        seconds = _seconds(table[self.time], day)
        good = np.isfinite(seconds)
        if lost := bad + int((~good).sum()):
            notes += (f"{lost} lines that cannot be understood",)
        names = [name for name in table.columns if name != self.time]
        values = table[names].apply(_numbers).to_numpy(np.float64)[good].T
        known = {header: name for name, header in (self.columns or {}).items()}
        components = tuple(known.get(name, name) for name in names)
        return Samples(components, seconds[good], without_codes(values), notes=notes)

    def _table(self, lines: bytes) -> tuple[pd.DataFrame, int]:
        """The lines with as many fields as the header, and how many others there are."""
        try:
            texts = [line for line in lines.decode("utf-8-sig").splitlines() if line.strip()]
            widths = self._widths(texts)
            good = [text for text, width in zip(texts, widths, strict=True) if width == widths[0]]
            table = pd.read_csv(io.StringIO("\n".join(good)), sep=self.separator)
            head = pd.read_csv(io.StringIO(good[0]), sep=self.separator, header=None, dtype=str)
        except ValueError as error:
            raise Unusable("not a table of text") from error
        names = head.iloc[0].fillna("").str.strip()
        if names[names != ""].duplicated().any():
            raise Unusable(f"columns {', '.join(names)}, one of them twice")
        table.columns = [str(name).strip() for name in table.columns]
        if self.time not in table:
            has = ", ".join(map(str, table.columns))[:80]
            raise Unusable(f"no column {self.time} among {has}")
        if widths[1:2] not in ([], widths[:1]):
            problem = f"{widths[1]} fields in its first line, {widths[0]} in its header"
            raise Unusable(f"{problem}: decimal commas, or another dataset.separator")
        return table, len(texts) - len(good)

    def _widths(self, texts: list[str]) -> list[int]:
        """How many fields each line has."""
        several = len(self.separator) > 1  # then it is a pattern, as pandas has it
        parts = re.compile(self.separator if several else re.escape(self.separator))
        return [len(parts.split(text.strip() if several else text)) for text in texts]


def _seconds(times: pd.Series, day: date) -> Numbers:
    """Seconds after midnight UTC of a column of text or numbers; NaN where it says neither."""
    said = numbers(times)
    mostly = np.isfinite(said).sum() > len(times) / 2
    seconds = said if mostly else seconds_of(times.astype(str), day)
    if len(times) and not np.isfinite(seconds).any():
        first = f"{times.iloc[0]} in column {times.name}"
        raise Unusable(f"{first} is neither ISO time nor seconds after 00:00")
    return seconds


def _numbers(column: pd.Series) -> pd.Series[float]:
    """A column as numbers, NaN where one is none; decimal commas are not taken for gaps."""
    if not pd.api.types.is_numeric_dtype(column):
        texts = column.dropna().astype(str).str.strip()
        commas = texts[texts.str.fullmatch(DECIMAL_COMMA)]
        if len(commas):
            raise Unusable(f"{commas.iloc[0]} in column {column.name} has a decimal comma")
    return pd.Series(numbers(column), index=column.index)
