"""Traces from HDF5 files, one dataset `(E N Z, time)` a trace, and their tables of attributes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import h5py
import pandas as pd

from tremor.data.sources.cells import csv_table
from tremor.data.sources.norcia_files import (
    NEEDED,
    Trace,
    broken,
    fault_of,
    named_rows,
    refuse_lacking,
)
from tremor.errors import Refused

FAULTS = (OSError, RuntimeError, ValueError, KeyError, TypeError)
"""What the HDF5 library raises about damaged files."""


LARGEST = 1 << 28
"""Bytes of one trace above which nothing is read: a file may announce what it does not hold."""
Fault = Callable[[tuple[int, ...]], str]


def hdf5_traces(
    catalog: Path,
    attributes: Path,
    needed: Collection[str] = NEEDED,
    fault_of: Fault = fault_of,
) -> Iterator[Trace]:
    """All rows of the table with their datasets, then the datasets that have no row.

    `needed` are columns without which nothing is read, `fault_of` says what is wrong with a shape.
    """
    table = attribute_table(attributes, needed)
    with _opened(catalog) as file:
        datasets = _datasets(file, catalog)
        for name, row, fault in named_rows(table, attributes):
            fault = fault or ("" if name in datasets else "no dataset of this trace_name")
            yield (
                broken(name, row, fault)
                if fault
                else _trace(name, row, file, datasets[name], fault_of)
            )
        known = set(table["trace_name"].astype(str))
        for name in datasets:
            if name not in known:
                yield broken(name, {}, "no row of attributes")


def attribute_table(path: Path, needed: Collection[str]) -> pd.DataFrame:
    """The attributes, numbers to the last digit; a station may be called NA."""
    try:
        table = csv_table(
            path,
            float_precision="round_trip",
            keep_default_na=False,
            na_values=["", "nan", "NaN"],
        )
    except ValueError as error:
        problem = f"cannot read it as a table ({str(error).strip()})"
        raise Refused(problem, str(path), "give the file as it was published") from error
    refuse_lacking(table, needed, path)
    return table


def _opened(path: Path) -> Any:
    """The open file, which is closed at the end of its `with`."""
    try:
        return h5py.File(path, "r")
    except FAULTS as error:
        problem = f"cannot read it as HDF5 ({error})"
        raise Refused(problem, str(path), "fetch the file again: it is not whole") from error


def _datasets(file: Any, path: Path) -> dict[str, str]:
    """Where each trace lies, by the last part of its path: groups do not matter."""
    found: list[str] = []

    def note(name: str | bytes, thing: Any) -> None:
        if isinstance(thing, h5py.Dataset):
            found.append(name if isinstance(name, str) else name.decode(errors="replace"))

    try:
        file.visititems(note)
    except FAULTS as error:
        problem = f"cannot list its datasets ({error})"
        raise Refused(problem, str(path), "fetch the file again: it is not whole") from error
    by_name = {name.rpartition("/")[2]: name for name in found}
    twice = [name for name in found if by_name[name.rpartition("/")[2]] != name]
    if twice:
        raise Refused(f"several datasets of one name: {twice[0]}", str(path), "keep one of each")
    return by_name


def _trace(name: str, row: dict[str, Any], file: Any, path: str, fault_of: Fault) -> Trace:
    """A trace whose dataset is looked at before it is read."""
    try:
        dataset = file[path]
        fault = _unreadable(dataset) or fault_of(dataset.shape or ())
        return broken(name, row, fault) if fault else Trace(name, row, dataset[()])
    except FAULTS:
        return broken(name, row, "samples that cannot be read")


def _unreadable(dataset: Any) -> str:
    if dataset.is_virtual or dataset.external:
        return "samples in another file"
    if dataset.nbytes > LARGEST:
        return f"samples of more than {LARGEST >> 20} MB"
    return "" if dataset.dtype.kind in "iuf" else "samples that are not numbers"
