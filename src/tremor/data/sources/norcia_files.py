"""The files that hold the Norcia sequence at a station, and the traces that both kinds give.

HDF5 files with tables of attributes are the published form, pickled DataFrames (which are called
.csv in spite of that) the one that went round; each is read phase by phase.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.errors import Refused

PHASES = ("pre", "visso", "post")
COMPONENTS = ("E", "N", "Z")
SAMPLES = 2500  # of each trace
SAMPLING_RATE = 100.0  # Hz
NAMES = {
    "hdf5": ("{station}_catalog_{phase}.hdf5", "{station}_attributes_{phase}.csv"),
    "pickle": ("dataframe_{phase}_{station}.csv",),
}
NEEDED = ("trace_name", "trace_start_time", "source_origin_time", "source_id")

Samples = NDArray[Any]


@dataclass(frozen=True)
class Trace:
    """One trace: its attributes, and samples `(E N Z, time)` unless `fault` says what is wrong."""

    name: str
    attributes: dict[str, Any]
    samples: Samples
    fault: str = ""


@dataclass(frozen=True)
class FileSet:
    """All files of one kind, as they should be in a folder."""

    kind: str
    folder: Path
    station: str

    def of(self, phase: str) -> list[Path]:
        """The files of one phase."""
        names = NAMES[self.kind]
        return [self.folder / name.format(station=self.station, phase=phase) for name in names]

    def files(self) -> list[Path]:
        """The files of all phases."""
        return [path for phase in PHASES for path in self.of(phase)]

    def there(self) -> list[str]:
        """The phases whose files are all there."""
        return [phase for phase in PHASES if all(path.is_file() for path in self.of(phase))]

    def missing(self) -> list[str]:
        """The names of the files that are not there."""
        return [path.name for path in self.files() if not path.is_file()]


def places(data_dir: str | Path, station: str) -> list[Path]:
    """Where files are looked for: the folder itself, and one in it that is named as earlier."""
    folder = Path(data_dir).expanduser()
    return [folder, folder / f"foreshock_aftershock_{station}"]


def complete(
    data_dir: str | Path,
    station: str,
    kinds: Collection[str],
    needed: Collection[str] = PHASES,
) -> FileSet:
    """The first set of all phases, in the order of kinds; else the first of the phases `needed`.

    Where there is none, a refusal names what lacks.
    """
    folders = places(data_dir, station)
    sets = [FileSet(kind, folder, station) for kind in kinds for folder in folders]
    for phases in (PHASES, needed):
        for files in sets:
            if set(phases) <= set(files.there()):
                return files
    by_kind = [[files for files in sets if files.kind == kind] for kind in kinds]
    nearest = [min(alike, key=lambda files: len(files.missing())) for alike in by_kind]
    lacking = "; or ".join(f"as {files.kind} {', '.join(files.missing())}" for files in nearest)
    raise Refused(
        f"the Norcia files of station {station} are not all there. Missing: {lacking}",
        ", ".join(map(str, folders)),
        f"python scripts/fetch_norcia.py --station {station} gets them from Zenodo "
        "(doi 10.5281/zenodo.12795621); dataset.source=synthetic trains on made-up records instead",
    )


def refuse_lacking(table: pd.DataFrame, needed: Iterable[str], path: Path) -> None:
    """Refuse a table that has not all needed columns, or has one of them twice."""
    lacking = [name for name in needed if name not in table.columns]
    if lacking:
        raise Refused(
            f"columns are missing: {', '.join(lacking)}; it has {list(table.columns)}",
            str(path),
            "give the file as it was published",
        )
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()].tolist()
        raise Refused(f"columns are there twice: {twice}", str(path), "keep one of each")


def named_rows(table: pd.DataFrame, path: Path) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Each row with the name of its trace, and what is wrong with it if anything is."""
    empty = table.isna().all(axis=1).tolist()
    for number, row in enumerate(table.to_dict("records")):
        name = "" if lacks(row["trace_name"]) else str(row["trace_name"])
        unusable = not name.strip(" .") or set(name) & set("/\0")
        fault = "empty row of attributes" if empty[number] else "no usable trace_name"
        attributes = {str(key): value for key, value in row.items()}
        if empty[number] or unusable:
            yield f"{path.name} row {number}", attributes, fault
        else:
            yield name, attributes, ""


def lacks(value: Any) -> bool:
    """Whether a cell holds no single value."""
    return not pd.api.types.is_scalar(value) or bool(pd.isna(value))


def fault_of(shape: tuple[int, ...]) -> str:
    """What is wrong with the shape of a trace's samples, if anything is."""
    if len(shape) != 2 or shape[0] != len(COMPONENTS):
        return f"shape {shape}, not {(len(COMPONENTS), SAMPLES)}"
    return "" if shape[1] == SAMPLES else f"{shape[1]} samples, not {SAMPLES}"


def broken(name: str, attributes: dict[str, Any], fault: str) -> Trace:
    """A trace without samples."""
    return Trace(name, attributes, np.empty((0, 0)), fault)


def once(traces: Iterable[Trace], seen: set[str]) -> Iterator[Trace]:
    """The traces, of which one with a name that was seen before is faulty."""
    for trace in traces:
        repeated = not trace.fault and trace.name in seen
        seen.add(trace.name)
        yield replace(trace, fault="repeats a trace_name") if repeated else trace
