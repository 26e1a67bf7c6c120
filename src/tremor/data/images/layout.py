"""What lies where in a folder of pictures: `train|test/<class>/*.png`, and files beside them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tremor.errors import Refused

FOLDERS = ("train", "test")
SHAPE, SHAPE_JSON = "input_dim.npy", "input_dim.json"  # rows and columns of each picture
RANGE = "f_t_range.npy"  # centres of first and last row [Hz], of first and last column [s]
TABLE = "metadata.csv"  # a row a picture
NOTE = "export.json"  # what our own export was made of
FOUR = "not four numbers that rise, f0 to f1 [Hz] and t0 to t1 [s]"
MEND = "mend it, or take it away and give dataset.f_t_range=null"
BESIDE = (SHAPE, SHAPE_JSON, RANGE, TABLE, NOTE)

Range = tuple[float, float, float, float]


@dataclass(frozen=True)
class Picture:
    """A picture's file below a root: the folder (train or test) and the class that it lies in."""

    root: Path
    folder: str
    label: str
    path: Path

    @property
    def place(self) -> tuple[str, ...]:
        """Root, folder, class and file name: tables of any tool end with the last three."""
        return self.root.name, self.folder, self.label, self.path.name


def roots(data_dir: str) -> list[Path]:
    """The folder itself, or those in it that have train or test."""
    root = Path(data_dir).expanduser()
    if not data_dir or not root.is_dir():
        raise Refused("this folder is not there", str(root), "dataset.data_dir=FOLDER")
    inside = [root, *sorted(path for path in root.iterdir() if path.is_dir())]
    found = [path for path in inside if any((path / name).is_dir() for name in FOLDERS)]
    if not found:
        raise Refused(
            "no pictures here: no folder train or test, and no folders that hold such",
            str(root),
            "dataset.data_dir=FOLDER; scripts/export_spectrograms.py makes one",
        )
    return found[:1] if found[0] == root else found


def pictures(root: Path) -> Iterator[Picture]:
    """All PNG files by folder, class and name; a class without any in a folder is refused."""
    folders = [name for name in FOLDERS if (root / name).is_dir()]
    classes = sorted({p.name for name in folders for p in (root / name).iterdir() if _is_class(p)})
    if not classes:
        problem = f"no folders of classes in {', '.join(folders)}"
        raise Refused(problem, str(root), "put pictures in train/<class> and test/<class>")
    for folder in folders:
        for label in classes:
            place = root / folder / label
            files = sorted(place.glob("*.[pP][nN][gG]")) if place.is_dir() else []
            if not files:
                remedy = "put PNG files there, or take the class away everywhere"
                raise Refused(f"no PNG of class {label} in {folder}", str(place), remedy)
            yield from (Picture(root, folder, label, path) for path in files)


def _is_class(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith(".")


def range_of(root: Path) -> Range | None:
    """What rows (Hz) and columns (s) are, where the folder says it."""
    path = root / RANGE
    if not path.is_file():
        return None
    try:
        numbers = np.load(path, allow_pickle=False).astype(float)
        low, high, first, last = numbers.reshape(numbers.size).tolist()
    except Exception as error:  # numpy parses the head as Python's own words
        raise Refused(f"{FOUR} ({error})", str(path), MEND) from error
    if not -np.inf < low <= high < np.inf or not -np.inf < first <= last < np.inf:
        raise Refused(f"{FOUR}: {low:g}, {high:g}, {first:g}, {last:g}", str(path), MEND)
    return low, high, first, last


def noted(root: Path) -> dict[str, Any] | None:
    """The settings of our own export, if it is one."""
    path = root / NOTE
    if not path.is_file():
        return None
    try:
        settings = json.loads(path.read_text())["settings"]
        return settings | {"channels": [str(name) for name in settings["channels"]]}  # type: ignore[no-any-return]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        problem = "not a note of an export of ours"
        raise Refused(problem, str(path), "take it away, or choose another folder") from error


def alike(one: Range | None, other: Range | None) -> bool:
    """Whether two ranges are the same but for rounding, or both unknown."""
    if one is None or other is None:
        return one is other
    return bool(np.allclose(one, other, rtol=1e-4, atol=1e-6))
