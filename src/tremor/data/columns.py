"""A table kept as one file a column: written piece by piece, opened at once, however long."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.errors import TremorError

NAMES = "columns.json"
END = "\0"  # after each text
EXACT = 2**53  # whole numbers up to this are kept exactly
Texts = NDArray[np.object_]


class Columns:
    """Takes pieces of a table whose columns hold numbers or texts; memory stays that of a piece.

    A column may be absent from a piece: it is missing there. Texts in `plain` columns stay texts,
    and are "" where missing; other texts that are all numbers, or all true or false, become such.
    """

    def __init__(self, folder: Path, plain: frozenset[str]):
        folder.mkdir()
        self.folder, self.plain, self.size = folder, plain, 0
        self.kinds: dict[str, str] = {}  # dtype kinds seen, "" while all were missing

    def add(self, piece: pd.DataFrame) -> None:
        """Append rows."""
        for name in map(str, piece):
            self.kinds.setdefault(name, "")
        for name in self.kinds:
            values = piece[name].to_numpy() if name in piece else np.full(len(piece), np.nan)
            self._append(name, values)
        self.size += len(piece)

    def _append(self, name: str, values: NDArray[Any]) -> None:
        if pd.isna(values).all() and name not in self.plain:
            kind = self.kinds[name][:1]
        else:
            kind = (
                values.dtype.kind if name not in self.plain and values.dtype.kind in "iufb" else "O"
            )
        seen = self.kinds[name]
        if not seen and kind:
            self.kinds[name] = kind
            self._extend(name, np.full(self.size, np.nan))
        elif kind == "O" != seen[:1]:
            self._into_texts(name)
        elif kind not in seen:
            self.kinds[name] = seen + kind if seen[:1] != "O" else seen
        if self.kinds[name]:
            self._extend(name, values)

    def _extend(self, name: str, values: NDArray[Any]) -> None:
        if self.kinds[name][0] == "O":
            missing = pd.isna(values)
            cells = [
                "" if gone else str(cell).replace(END, "")
                for cell, gone in zip(values.tolist(), missing.tolist(), strict=True)
            ]
            content = "".join(cell + END for cell in cells).encode(errors="surrogatepass")
        else:
            numbers = values.astype(np.float64)
            if values.dtype.kind in "iu" and (np.abs(numbers) > EXACT).any():
                raise TremorError(f"the column {name} has whole numbers beyond 2^53", str(name))
            content = numbers.tobytes()
        with self._file(name).open("ab") as file:
            file.write(content)

    def _into_texts(self, name: str) -> None:
        """A column that began with numbers, and has texts now."""
        numbers = self.values(name)
        self._file(name).unlink(missing_ok=True)
        self.kinds[name] = "O"
        self._extend(name, numbers)

    def _file(self, name: str) -> Path:
        return self.folder / f"{list(self.kinds).index(name):03d}"

    def values(self, name: str) -> NDArray[Any]:
        """What a column holds so far: numbers, truths, or texts with "" where missing."""
        kinds = self.kinds[name]
        if not kinds:
            return np.full(self.size, np.nan)
        if kinds[0] == "O":
            texts = _texts(self._file(name))
            return texts if name in self.plain else _understood(texts)
        numbers = np.fromfile(self._file(name), np.float64)
        whole = not np.isnan(numbers).any()
        if set(kinds) <= {"i", "u"} and whole:
            return numbers.astype(np.int64)
        if kinds == "b":
            return _truths(numbers)
        return numbers

    def finish(self, **instead: NDArray[Any]) -> None:
        """Leave the files that `read` opens; `instead` are columns with other values."""
        for name in self.kinds:
            values = instead.get(name)
            _keep(self._file(name), self.values(name) if values is None else values)
        known = {"rows": self.size, "names": list(self.kinds), "plain": sorted(self.plain)}
        (self.folder / NAMES).write_text(json.dumps(known))


def read(folder: Path) -> pd.DataFrame:
    """The whole table; equal texts of a column that repeats them are one in memory."""
    known = json.loads((folder / NAMES).read_text())
    columns: dict[str, pd.Series[Any]] = {}
    for number, name in enumerate(known["names"]):
        values = _kept(folder / f"{number:03d}")
        if values.dtype == object and name not in known["plain"]:
            columns[name] = pd.Series(np.where(values == "", np.nan, values))
        else:
            columns[name] = pd.Series(values, dtype=values.dtype)
    return pd.DataFrame(columns, index=pd.RangeIndex(known["rows"]), copy=False)


def _keep(path: Path, values: NDArray[Any]) -> None:
    """A column as its final files: numbers, or texts, with a number for each row if they repeat."""
    path.unlink(missing_ok=True)
    if values.dtype != object:
        np.save(path.with_suffix(".npy"), values)
        return
    texts = np.where(pd.isna(values), "", values)
    codes, unique = pd.factorize(texts)
    if repeated := 2 * len(unique) <= len(texts):
        np.save(path.with_suffix(".npy"), codes.astype(np.uint32))
    kept = "".join(f"{text}{END}" for text in (unique if repeated else texts))
    path.with_suffix(".txt").write_bytes(kept.encode(errors="surrogatepass"))


def _kept(path: Path) -> NDArray[Any]:
    texts, numbers = path.with_suffix(".txt"), path.with_suffix(".npy")
    if not texts.exists():
        return np.asarray(np.load(numbers, allow_pickle=False))
    found = _texts(texts)
    return found[np.load(numbers, allow_pickle=False)] if numbers.exists() else found


def _texts(path: Path) -> Texts:
    content = path.read_bytes().decode(errors="surrogatepass")
    return np.array(content.split(END)[:-1], dtype=object)


def _understood(texts: Texts) -> NDArray[Any]:
    """Texts as what they are of: numbers, truths, or texts indeed."""
    some = pd.unique(texts[texts != ""])
    if set(some) <= {"True", "False"} and len(some):
        return _truths(np.select([texts == "True", texts == "False"], [1.0, 0.0], np.nan))
    try:
        pd.to_numeric(pd.Series(some, dtype=object))
    except (ValueError, TypeError):
        return texts
    return np.asarray(pd.to_numeric(pd.Series(texts, dtype=object).replace("", np.nan)))


def _truths(numbers: NDArray[np.float64]) -> NDArray[Any]:
    """True and false; 1 and 0 where some are missing."""
    return numbers if np.isnan(numbers).any() else numbers == 1
