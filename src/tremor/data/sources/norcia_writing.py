"""Traces into files of either kind, each of which appears whole or not at all."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Sized
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from tremor.data.sources.norcia_files import COMPONENTS, FileSet, Trace
from tremor.errors import Refused
from tremor.files import whole_file, write_whole

LABELS = {"pre": [1, 0], "visso": [0, 0], "post": [0, 1]}
ORDER = (
    *("E_channel", "N_channel", "Z_channel", "trace_name", "label", "trace_start_time"),
    *("network_code", "receiver_name", "receiver_type", "receiver_elevation_m"),
    *("receiver_latitude", "receiver_longitude", "source_id", "source_depth_km"),
    *("source_latitude", "source_longitude", "source_magnitude_type", "source_magnitude"),
    *("source_origin_time", "p_travel_sec"),
)


def write_phase(files: FileSet, phase: str, traces: Iterable[Trace]) -> int:
    """One phase of a set, from traces that are all without fault; returns how many."""
    if files.kind == "hdf5":
        catalog, attributes = files.of(phase)
        return write_hdf5(catalog, attributes, traces)
    (path,) = files.of(phase)
    return _write_pickle(path, phase, traces)


def refuse_existing(files: FileSet, overwrite: bool) -> None:
    """Refuse to replace files, unless that is asked for."""
    there = [path.name for path in files.files() if path.exists()]
    if there and not overwrite:
        problem = f"files exist already: {', '.join(there)}"
        raise Refused(problem, str(files.folder), "--overwrite, or another folder")


def write_hdf5(catalog: Path, attributes: Path, traces: Iterable[Trace]) -> int:
    """A dataset `(E N Z, time)` a trace as it comes, and the table of their attributes."""
    rows = []
    with whole_file(catalog) as scratch:
        with h5py.File(scratch, "w") as file:
            for trace in traces:
                file.create_dataset(trace.name, data=trace.samples)
                rows.append(trace.attributes)
        _refuse_none(rows, catalog)
        write_whole(attributes, pd.DataFrame(rows).to_csv(index=False))
    return len(rows)


def _write_pickle(path: Path, phase: str, traces: Iterable[Trace]) -> int:
    """A DataFrame, which has to be in memory as a whole: 60 KB a trace."""
    rows = [_row(trace, phase) for trace in traces]
    _refuse_none(rows, path)
    columns = [*ORDER, *sorted({name for row in rows for name in row} - set(ORDER))]
    frame = pd.DataFrame(rows, columns=pd.Index(columns, dtype=object))
    texts = frame.columns[[pd.api.types.is_string_dtype(kind) for kind in frame.dtypes]]
    frame = frame.astype(dict.fromkeys(texts, object))
    with whole_file(path) as scratch, scratch.open("wb") as file:
        pickle.dump(frame, file, protocol=4)
    return len(rows)


def _refuse_none(rows: Sized, path: Path) -> None:
    if not rows:
        raise Refused("no usable trace to write", str(path), "check the files that are read")


def _row(trace: Trace, phase: str) -> dict[str, object]:
    """A trace's attributes with its components as float64 and its label."""
    samples = trace.samples.astype(np.float64)
    parts = {f"{c}_channel": part.copy() for c, part in zip(COMPONENTS, samples, strict=True)}
    return trace.attributes | parts | {"label": LABELS[phase]}
