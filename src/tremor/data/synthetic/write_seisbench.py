"""Synthetic traces as a folder in SeisBench's format: chunks of metadata and of waveforms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import pandas as pd

from tremor.data.synthetic.claim import claim
from tremor.data.synthetic.traces import TraceWorld
from tremor.errors import Refused
from tremor.files import whole_file, write_whole

BUCKET = 1024  # traces of a bucket, as SeisBench's writer packs them
MADE = ("metadata*.csv", "waveforms*.hdf5", "chunks")
FORMAT = {"dimension_order": "CW", "component_order": "ZNE", "measurement": "velocity"}


def write_seisbench(
    world: TraceWorld,
    folder: Path,
    *,
    chunk: int = 50_000,
    overwrite: bool = False,
    tell: Callable[[int, int], None] = lambda done, of: None,
) -> list[Path]:
    """Write all traces, about `chunk` of them a pair of files; returns the files of metadata.

    Chunks that are there stay, so that what was interrupted goes on: a chunk's metadata come last
    and whole. `tell` hears how many traces there are, and of how many.
    """
    if chunk < 1:
        raise Refused(f"a chunk of {chunk} traces", str(folder), "one trace or more")
    claim(world, folder, MADE, MADE, overwrite)
    size = -(-chunk // BUCKET) * BUCKET  # whole buckets, which the traces are made by
    starts = range(0, world.n_traces, size)
    names = [f"_{start:09d}" for start in starts]
    files = [folder / f"metadata{name}.csv" for name in names]
    _refuse_other_chunks(folder, files)
    for start, name, metadata in zip(starts, names, files, strict=True):
        stop = min(start + size, world.n_traces)
        if not metadata.exists():
            _chunk(world, folder / f"waveforms{name}.hdf5", metadata, range(start, stop))
        tell(stop, world.n_traces)
    write_whole(folder / "chunks", "\n".join(names) + "\n")
    return files


def _refuse_other_chunks(folder: Path, files: list[Path]) -> None:
    """Chunks of another size would hold the same traces again."""
    others = sorted(set(folder.glob("metadata*.csv")) - set(files))
    if others:
        problem = f"chunks of another size are there, such as {others[0].name}"
        raise Refused(problem, str(folder), "the same --chunk as before, or --overwrite")


def _chunk(world: TraceWorld, waveforms: Path, metadata: Path, traces: range) -> None:
    """One pair of files, a bucket at a time."""
    tables = []
    with whole_file(waveforms) as scratch, h5py.File(scratch, "w") as file:
        for name, value in (FORMAT | {"sampling_rate": world.sampling_rate}).items():
            file[f"data_format/{name}"] = value
        for number, first in enumerate(range(traces.start, traces.stop, BUCKET)):
            count = min(BUCKET, traces.stop - first)
            signals, known = world.block(first, count)
            file[f"data/bucket{number}"] = signals
            places = [f"bucket{number}${row},:3,:{world.samples}" for row in range(count)]
            tables.append(known.assign(trace_name=places, trace_npts=world.samples))
    write_whole(metadata, str(pd.concat(tables).to_csv(index=False)))
