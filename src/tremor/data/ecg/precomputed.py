"""What earlier work computed and keeps as arrays: probabilities, truth, durations, a selection."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.ecg.npy import read_npy, read_npz
from tremor.errors import Refused
from tremor.files import write_whole

NAMES = "ecg_filenames.npy"
CLASSES = "snomed_classes.npy"
PROBABILITIES = "ecg_model_probs.npy"
TRUTH = "ecg_y_true.npy"
DURATIONS = "ecg_durations.npy"
SELECTION = "data"  # the table in an archive of a selection
CHOSEN = ("group_class", "filename", "sel_idx", "duration_sec", "prob_meta")


@dataclass(frozen=True)
class Precomputed:
    """What a model says of records: `probabilities (record, class)` with classes as SNOMED codes.

    `truth (record, class)` is 1 or 0, `durations (record,)` are seconds, not-a-number where they
    are not known; either may be lacking.
    """

    filenames: tuple[str, ...]
    classes: tuple[str, ...]
    probabilities: NDArray[np.float32]
    truth: NDArray[np.int8] | None = None
    durations: NDArray[np.float64] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The records by name, whatever folder of whatever system they were in."""
        return tuple(stem(name) for name in self.filenames)


def stem(filename: str) -> str:
    """A record's name, from a path of either kind."""
    return PureWindowsPath(filename).stem


def read_precomputed(folder: Path) -> Precomputed:
    """The arrays in a folder, which have to fit each other; truth and durations may lack."""
    truth, durations = (_if_there(folder / name) for name in (TRUTH, DURATIONS))
    found = Precomputed(
        filenames=_texts(folder / NAMES),
        classes=_texts(folder / CLASSES),
        probabilities=_numbers(folder / PROBABILITIES).astype(np.float32),
        truth=None if truth is None else _flags(truth, folder / TRUTH),
        durations=None if durations is None else durations.astype(np.float64),
    )
    _refuse_misfits(found, folder)
    return found


def write_precomputed(folder: Path, found: Precomputed) -> None:
    """Write the arrays as earlier work reads them, names as text of one length, not objects."""
    _refuse_misfits(found, folder)
    arrays: dict[str, NDArray[Any] | None] = {
        NAMES: np.array(found.filenames, dtype=np.str_),
        CLASSES: np.array(found.classes, dtype=np.str_),
        PROBABILITIES: found.probabilities.astype(np.float32),
        TRUTH: None if found.truth is None else found.truth.astype(np.int8),
        DURATIONS: None if found.durations is None else found.durations.astype(np.float64),
    }
    for name, array in arrays.items():
        if array is not None:
            file = io.BytesIO()
            np.save(file, array, allow_pickle=False)
            write_whole(folder / name, file.getvalue())


def read_selection(path: Path) -> pd.DataFrame:
    """The table of an archived selection: class, file name, row, seconds, probability."""
    arrays = read_npz(path)
    table = arrays.get(SELECTION)
    if table is None or table.ndim != 1 or not table.dtype.names:
        problem = f"no table '{SELECTION}' in it; it has {sorted(arrays)}"
        raise Refused(problem, str(path), "give a selection as sel_df_cache.npz holds it")
    if lacking := [name for name in CHOSEN[:2] if name not in table.dtype.names]:
        problem = f"no column {', '.join(lacking)}; it has {list(table.dtype.names)}"
        raise Refused(problem, str(path), "give a selection as sel_df_cache.npz holds it")
    return pd.DataFrame({name: table[name].tolist() for name in table.dtype.names})


def write_selection(path: Path, table: pd.DataFrame) -> None:
    """Write a selection as earlier work reads it, without any object in it."""
    plain = table.astype(dict.fromkeys(CHOSEN[:2], str))
    longest = {name: max((len(text) for text in plain[name]), default=1) for name in CHOSEN[:2]}
    kinds = {name: f"<U{length}" for name, length in longest.items()}
    records = plain.to_records(index=False, column_dtypes=kinds)
    file = io.BytesIO()
    np.savez_compressed(file, data=np.asarray(records).view(np.ndarray))
    write_whole(path, file.getvalue())


def _if_there(path: Path) -> NDArray[Any] | None:
    return _numbers(path) if path.is_file() else None


def _numbers(path: Path) -> NDArray[Any]:
    array = read_npy(path)
    if array.dtype.kind not in "biuf":
        raise Refused(f"an array of {array.dtype}, not of numbers", str(path), "give numbers")
    return array


def _flags(array: NDArray[Any], path: Path) -> NDArray[np.int8]:
    if not np.isin(array, (0, 1)).all():
        raise Refused("truth other than 0 and 1", str(path), "give 1 where a record has a class")
    return array.astype(np.int8)


def _texts(path: Path) -> tuple[str, ...]:
    """Text, or numbers as text, in one row."""
    array = read_npy(path)
    if array.ndim != 1:
        raise Refused(f"an array of {array.ndim} dimensions", str(path), "give one row of names")
    return tuple(str(item) for item in array.tolist())


def _refuse_misfits(found: Precomputed, folder: Path) -> None:
    """All arrays are of the same records and classes, and probabilities are such."""
    shape = (len(found.filenames), len(found.classes))
    told = {PROBABILITIES: found.probabilities, TRUTH: found.truth}
    for name, array in told.items():
        if array is not None and array.shape != shape:
            problem = f"{name} is {array.shape}, but there are {shape[0]} names, {shape[1]} classes"
            raise Refused(problem, str(folder), "give arrays that were made together")
    if found.durations is not None and found.durations.shape != shape[:1]:
        problem = f"{DURATIONS} is {found.durations.shape}, but there are {shape[0]} names"
        raise Refused(problem, str(folder), "give arrays that were made together")
    if not ((found.probabilities >= 0) & (found.probabilities <= 1)).all():
        problem = f"{PROBABILITIES} has numbers that are no probabilities"
        raise Refused(problem, str(folder), "give probabilities, 0 to 1")
