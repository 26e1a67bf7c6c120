"""Whether files are whole: each kind is read to its end."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import yaml

from tremor.files import SCRATCH


def broken(folder: Path) -> list[str]:
    """Files under their own names that cannot be read to their end."""
    return [fault for path in kept(folder) if (fault := _fault(path))]


def kept(folder: Path) -> list[Path]:
    """All files under their own names: not what a process was writing beside its place."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [p for p in files if not any(SCRATCH.fullmatch(s) for s in p.relative_to(folder).parts)]


def scratch(folder: Path) -> list[Path]:
    """What was left half-written."""
    return [path for path in folder.rglob("*") if SCRATCH.fullmatch(path.name)]


def _fault(path: Path) -> str:
    try:
        READERS.get(path.suffix, _any)(path)
    except Exception as error:
        return f"{path}: {type(error).__name__}: {str(error)[:120]}"
    return ""


def _archive(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None


def _page(path: Path) -> None:
    assert path.read_text().rstrip().endswith("</html>")


def _picture(path: Path) -> None:
    assert path.read_bytes().endswith(b"IEND\xaeB`\x82")


def _maps(path: Path) -> None:
    with h5py.File(path) as file:
        file.visititems(lambda _, found: found[()] if isinstance(found, h5py.Dataset) else None)


def _table(path: Path) -> None:
    assert path.read_bytes().endswith(b"\n")
    pd.read_csv(path)


def _notes(path: Path) -> None:
    assert json.loads(path.read_text()) is not None


def _tree(path: Path) -> None:
    assert path.read_bytes().endswith(b"\n")
    yaml.safe_load(path.read_text())


def _any(path: Path) -> None:
    path.read_bytes()


READERS: dict[str, Callable[[Path], object]] = {
    ".ckpt": _archive,
    ".csv": _table,
    ".h5": _maps,
    ".hdf5": _maps,
    ".html": _page,
    ".json": _notes,
    ".npy": lambda path: np.load(path, allow_pickle=False),
    ".png": _picture,
    ".yaml": _tree,
}
