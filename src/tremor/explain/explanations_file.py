"""The HDF5 file of explanations: cells, their coordinates with units, a row a record."""

from __future__ import annotations

import io
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.explain.explanation import Axis

if TYPE_CHECKING:
    from tremor.explain.explanations import Explanations

FORMAT = 1
UNFOLDED = 1100  # times that what is packed by deflate may at most grow
CELLS = {"values": np.float32, "errors": np.float32, "inputs": np.float32, "leaf": np.int32}


def cells(of: Explanations) -> dict[str, NDArray[Any]]:
    """The arrays `(record, …cells)` that are there."""
    there = {name: getattr(of, name) for name in CELLS}
    return {name: array for name, array in there.items() if array is not None}


def packed(of: Explanations) -> bytes:
    """The content of the file: the same explanations give the same bytes."""
    memory = io.BytesIO()
    with h5py.File(memory, "w", track_order=True) as file:
        file.attrs["tremor_explanations"] = FORMAT
        file.attrs["meta"] = json.dumps(of.meta, sort_keys=True)
        file.attrs["classes"] = json.dumps(list(of.classes))
        file.attrs["axes"] = json.dumps([asdict(axis) for axis in of.axes])
        scales = [_scale(file, "record", of.table["record_id"].tolist(), "")]
        scales += [_scale(file, axis.name, list(axis.values), axis.unit) for axis in of.axes]
        for name, array in cells(of).items():
            made = file.create_dataset(
                name,
                data=array.astype(CELLS[name]),
                chunks=(1, *array.shape[1:]),
                compression="gzip",
                shuffle=True,
            )
            for place, scale in enumerate(scales):
                made.dims[place].attach_scale(scale)
        _write_table(file.create_group("table", track_order=True), of.table)
    return memory.getvalue()


def _scale(file: h5py.File, name: str, values: list[Any], unit: str) -> Any:
    """A coordinate variable with its unit."""
    text = any(isinstance(value, str) for value in values)
    kind = h5py.string_dtype() if text else np.float64
    data = np.array(values, dtype=object if text else None)
    made = file.create_dataset(name, data=data, dtype=kind)
    made.attrs["units"] = unit
    made.make_scale(name)
    return made


def _write_table(group: h5py.Group, table: pd.DataFrame) -> None:
    for name in table.columns:
        column = table[name]
        text = not pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
        data = column.fillna("").astype(str).to_numpy(object) if text else column.to_numpy()
        group.create_dataset(str(name), data=data, dtype=h5py.string_dtype() if text else None)


def unpacked(file: h5py.File) -> dict[str, Any]:
    """What a file holds, by the names of the fields of `Explanations`."""
    most = UNFOLDED * file.id.get_filesize()
    for place in (file, file["table"]):
        if any(isinstance(held, h5py.Dataset) and held.nbytes > most for held in place.values()):
            raise ValueError("it announces more than it can hold")
    columns = {
        name: data.asstr()[:] if h5py.check_string_dtype(data.dtype) else data[:]
        for name, data in file["table"].items()
    }
    axes = [axis | {"values": tuple(axis["values"])} for axis in json.loads(file.attrs["axes"])]
    return {
        "values": file["values"][:],
        "errors": file["errors"][:] if "errors" in file else None,
        "leaf": file["leaf"][:],
        "inputs": file["inputs"][:],
        "axes": tuple(Axis(**axis) for axis in axes),
        "table": pd.DataFrame(columns),
        "classes": tuple(json.loads(file.attrs["classes"])),
        "meta": json.loads(file.attrs["meta"]),
    }
