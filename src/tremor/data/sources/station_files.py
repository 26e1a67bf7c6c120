"""The files of stations: two HDF5 files, before and after the main shock, and their attributes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from tremor.errors import Refused

PHASES = ("pre", "post")
TABLES = ("_attribute.csv", "_attributes.csv")


@dataclass(frozen=True)
class StationFiles:
    """A station's name, its folder, and what its files' names begin with."""

    name: str
    folder: Path
    prefix: str

    def catalog(self, phase: str) -> Path:
        """Traces of one phase."""
        return self.folder / f"{self.prefix}_{phase}.hdf5"

    def attributes(self, phase: str) -> Path:
        """The table of these traces."""
        paths = [self.folder / f"{self.prefix}_{phase}{ending}" for ending in TABLES]
        return next((path for path in paths if path.is_file()), paths[0])

    def files(self) -> list[Path]:
        return [path for phase in PHASES for path in (self.catalog(phase), self.attributes(phase))]

    def missing(self) -> list[str]:
        """Names of the files that are not there."""
        return [path.name for path in self.files() if not path.is_file()]


def found(data_dir: str, station: str | None) -> list[StationFiles]:
    """The stations in a folder, which may be one station's own; one of them, or all."""
    root = Path(data_dir).expanduser()
    if not root.is_dir():
        raise Refused("this folder is not there", str(root), "dataset.data_dir=FOLDER")
    all_there = list(_stations(root))
    if not all_there:
        raise Refused(
            "no station here: no <STATION>_pre.hdf5, and no folders that hold such",
            str(root),
            "dataset.data_dir=FOLDER, or dataset.source=synthetic, which needs no files",
        )
    names = [one.name for one in all_there]
    if station is not None and station not in names:
        said = f"no station {station} there; there are {', '.join(names)}"
        near = get_close_matches(station, names, n=1, cutoff=0.0)
        raise Refused(said, str(root), f"dataset.station={near[0]}")
    chosen = [one for one in all_there if station in (None, one.name)]
    for one in chosen:
        if lacking := one.missing():
            problem = f"station {one.name} lacks {', '.join(lacking)}"
            raise Refused(problem, str(one.folder), "put the file there, or take the others away")
    return chosen


def _stations(root: Path) -> Iterator[StationFiles]:
    """The folder's own station, or those of the folders in it, by name."""
    for folder in (root, *sorted(path for path in root.iterdir() if path.is_dir())):
        there = sorted(path for phase in PHASES for path in folder.glob(f"*_{phase}.hdf5"))
        prefixes = sorted({path.stem.rpartition("_")[0] for path in there})
        for prefix in prefixes:
            yield StationFiles(prefix, folder, prefix)
