"""A folder of day files with its tables of earthquakes and stations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from tremor.data.geomagnetic import tables
from tremor.data.geomagnetic.archive import Day, Note, samples_a_day
from tremor.data.geomagnetic.delimited import DelimitedDay
from tremor.data.geomagnetic.iaga2002 import Iaga2002
from tremor.data.geomagnetic.instrument import InstrumentDay
from tremor.data.geomagnetic.merging import merged
from tremor.data.geomagnetic.samples import Format, Numbers, on_the_clock
from tremor.data.sources.cells import Unusable
from tremor.errors import Refused

CATALOGUE, STATIONS, INDICES = "catalogue.csv", "stations.csv", "indices.csv"
FORMATS = (Iaga2002(), InstrumentDay(), DelimitedDay())
NAMES = "wic20230712_1hz.sec, S180305.SBG, SBG_20180305.csv, each or .gz"
SYNTHETIC = "dataset.source=synthetic needs no files"


@dataclass(frozen=True)
class FileArchive:
    """Day files anywhere below `data_dir`, and catalogue.csv, stations.csv, indices.csv in it.

    A day file's name says its station, its day and its format: the first of `formats` that knows
    the name reads it. Several files of one station and day are merged. A file that cannot be used
    is a note of that day, whose samples are then missing.
    """

    data_dir: str
    components: Sequence[str] = ("H", "D", "Z")
    sampling_rate: float = 1.0
    formats: Sequence[Format] = FORMATS

    def __post_init__(self) -> None:
        if not self.components or len(set(self.components)) < len(self.components):
            problem = f"components are {list(self.components)}"
            raise Refused(problem, "dataset.components", "dataset.components=[H,D,Z]")
        if not self.sampling_rate > 0:
            problem = f"sampling_rate is {self.sampling_rate} Hz"
            raise Refused(problem, "dataset.sampling_rate", "dataset.sampling_rate=1.0")

    @property
    def channels(self) -> tuple[str, ...]:
        """The components, as asked for."""
        return tuple(self.components)

    @cached_property
    def _root(self) -> Path:
        if not self.data_dir:
            remedy = f"dataset.data_dir=FOLDER, or {SYNTHETIC}"
            raise Refused("no folder of day files is given", "dataset.data_dir", remedy)
        root = Path(self.data_dir).expanduser()
        if not root.is_dir():
            remedy = f"dataset.data_dir=FOLDER, or {SYNTHETIC}"
            raise Refused("this folder is not there", str(root), remedy)
        return root

    @cached_property
    def _all(self) -> list[Path]:
        """All files below the folder but hidden ones and its tables."""
        names = (CATALOGUE, STATIONS, INDICES)
        inside = ((path, path.relative_to(self._root).parts) for path in self._root.rglob("*"))
        return sorted(
            path
            for path, parts in inside
            if path.is_file()
            and not any(p.startswith(".") for p in parts)
            and parts[0] not in names
        )

    def _claim(self, path: Path) -> tuple[tuple[str, date], Format] | None:
        claims = ((reader.claims(path.name), reader) for reader in self.formats)
        return next(((claim, reader) for claim, reader in claims if claim), None)

    @cached_property
    def _found(self) -> dict[tuple[str, date], list[tuple[Path, Format]]]:
        """The files of each station and day, with their readers."""
        found: dict[tuple[str, date], list[tuple[Path, Format]]] = {}
        for path in self._all:
            if claim := self._claim(path):
                found.setdefault(claim[0], []).append((path, claim[1]))
        return found

    def files(self) -> list[Path]:
        """The tables and all day files; refuses a folder that lacks what is needed."""
        needed = [self._root / CATALOGUE, self._root / STATIONS]
        lacking = [path.name for path in needed if not path.is_file()]
        if not self._found:
            lacking.append(f"day files (named like {NAMES})")
        if lacking:
            remedy = f"put them there, or {SYNTHETIC}"
            raise Refused(f"the folder lacks {', '.join(lacking)}", str(self._root), remedy)
        days = sorted(path for files in self._found.values() for path, _ in files)
        return needed + [path for path in (self._root / INDICES,) if path.is_file()] + days

    @cached_property
    def _stations(self) -> tuple[pd.DataFrame, list[Note]]:
        return tables.stations(self._root / STATIONS)

    @cached_property
    def _earthquakes(self) -> tuple[pd.DataFrame, list[Note]]:
        return tables.earthquakes(self._root / CATALOGUE)

    @cached_property
    def _indices(self) -> tuple[pd.DataFrame | None, list[Note]]:
        path = self._root / INDICES
        return tables.indices(path) if path.is_file() else (None, [])

    def stations(self) -> pd.DataFrame:
        """The stations of stations.csv."""
        return self._stations[0]

    def earthquakes(self) -> pd.DataFrame:
        """The earthquakes of catalogue.csv, each once."""
        return self._earthquakes[0]

    def indices(self) -> pd.DataFrame | None:
        """Kp and/or Dst of indices.csv, where there is one."""
        return self._indices[0]

    def notes(self) -> list[Note]:
        """Rows and files that are of no use, and stations that only a table or only files know."""
        known, there = set(self.stations()["station"]), {station for station, _ in self._found}
        strange = [p for p in self._all if self._claim(p) is None]
        return [
            *self._stations[1],
            *self._earthquakes[1],
            *self._indices[1],
            *((name, "day files, but no place in stations.csv") for name in sorted(there - known)),
            *((name, "a station without day files") for name in sorted(known - there)),
            *((path.name, "not the name of a day file") for path in strange),
        ]

    def days(self) -> list[tuple[str, date]]:
        """The stations and days of all day files, in order."""
        return sorted(self._found)

    def day(self, station: str, day: date) -> Day:
        """One day, from all its files: what none of them has is NaN."""
        parts: list[tuple[str, Numbers]] = []
        notes: list[Note] = []
        for path, reader in self._found[station, day]:
            try:
                samples = reader.read(path, day)
                if samples.station not in ("", station):
                    raise Unusable(f"a file of station {samples.station} by its header")
                signal, said = on_the_clock(samples, self.channels, self.sampling_rate)
            except Unusable as reason:
                said = (str(reason),)
            else:
                parts.append((path.name, signal))
            notes += [(path.name, what) for what in said]
        if not parts:
            nothing = np.full((len(self.channels), samples_a_day(self.sampling_rate)), np.nan)
            return Day(nothing, notes=tuple(notes))
        signal, contradictions = merged(parts)
        return Day(signal, notes=(*notes, *contradictions))
