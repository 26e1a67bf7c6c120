"""A folder in SeisBench's format: chunks of metadata and waveforms, and where a trace lies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.sources.cells import Unusable
from tremor.errors import Refused
from tremor.heaps import refuse_broken_heaps

FAULTS = (
    *(OSError, RuntimeError, ValueError, KeyError, TypeError, IndexError, UnicodeError),
    *(OverflowError, MemoryError),
)
"""What the HDF5 library raises about damaged files, and bad places in them."""
TEXTS = ("trace_name", "source_id", "station_code", "split", "trace_component_order")
PIECE = 10_000  # rows of metadata in memory at once
CACHE = 64 << 20  # bytes of a compressed bucket that are kept unpacked
ASKED = "give a folder with metadata.csv and waveforms.hdf5, as SeisBench writes it"


@dataclass(frozen=True)
class Chunk:
    """One pair of files."""

    metadata: Path
    waveforms: Path


def chunks(folder: Path) -> list[Chunk]:
    """The pairs of a folder, as its file `chunks` lists them or as they lie there."""
    if not folder.is_dir():
        raise Refused(f"no such folder: {folder}", "dataset.paths", ASKED)
    listed = folder / "chunks"
    if listed.is_file():
        names = listed.read_text(errors="replace").split()
    else:
        names = sorted(path.name[8:-4] for path in folder.glob("metadata*.csv"))
    if len(set(names)) < len(names):
        raise Refused("a chunk is listed twice", str(listed), "name each chunk once")
    pairs = [Chunk(folder / f"metadata{n}.csv", folder / f"waveforms{n}.hdf5") for n in names]
    paths = [path for pair in pairs for path in (pair.metadata, pair.waveforms)]
    missing = [path.name[:80] for path in paths if path.parent != folder or not _there(path)]
    if missing or not pairs:
        what = ", ".join(missing[:4]) if missing else "metadata*.csv with waveforms*.hdf5"
        raise Refused(f"missing in the folder: {what}", str(folder), ASKED)
    return pairs


def _there(path: Path) -> bool:
    """Whether it is a file; what the list calls it may be no name of any."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def metadata(path: Path, wanted: Callable[[str], bool]) -> Iterator[pd.DataFrame]:
    """The wanted columns, some thousand rows at a time; the index counts rows from 0."""
    try:
        names = pd.read_csv(path, nrows=0).columns
        if "trace_name" not in names:
            raise Refused(f"no column trace_name among {list(names)}", str(path), ASKED)
        yield from pd.read_csv(
            path,
            usecols=wanted,
            chunksize=PIECE,
            low_memory=False,
            dtype=dict.fromkeys(TEXTS, str),
            keep_default_na=False,
            na_values=["", "nan", "NaN"],
            index_col=False,
        )
    except (ValueError, OSError) as error:
        raise Refused(
            f"cannot read it as a table ({str(error).strip()})", str(path), ASKED
        ) from error


class Waveforms:
    """An HDF5 file of buckets, opened for the time of a `with`."""

    def __init__(self, path: Path):
        try:
            refuse_broken_heaps(path)
            self.file = h5py.File(path, "r", rdcc_nbytes=CACHE)
            self._buckets: dict[str, Any] = {}  # the latest
            self.format = {key: _plain(node) for key, node in self._nodes("data_format").items()}
        except FAULTS as error:
            remedy = "fetch the file again: it is not whole"
            raise Refused(f"cannot read it as HDF5 ({error})", str(path), remedy) from error

    def __enter__(self) -> Waveforms:
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def _nodes(self, name: str) -> dict[str, Any]:
        node = self.file.get(name)
        return dict(node.items()) if isinstance(node, h5py.Group) else {}

    def _bucket(self, name: str) -> Any:
        """A bucket of numbers; looked up once."""
        if name not in self._buckets:
            found = self.file.get(f"data/{name}") if name and ".." not in name.split("/") else None
            if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external:
                raise Unusable("no such trace among the waveforms")
            if found.dtype.kind not in "iuf":
                raise Unusable("samples that are not numbers")
            self._buckets = {name: found}
        return self._buckets[name]

    def extent(self, trace_name: str) -> Extent:
        """Where a trace lies: `bucket3$7,:3,:1200`, or the bare name of a dataset of its own."""
        name, _, place = trace_name.partition("$")
        bucket = self._bucket(name)
        order = str(self.format.get("dimension_order") or "CW")[-2:]
        if order not in ("CW", "WC"):
            raise Unusable(f"dimension order {order}")
        axes = _axes(bucket.shape, [part for part in place.replace(" ", "").split(",") if part])
        component, time = _free(axes) if order == "CW" else reversed(_free(axes))
        return Extent(bucket, axes, component, time)


@dataclass(frozen=True)
class Extent:
    """What of a bucket is one trace: an index or a range for each axis."""

    bucket: Any
    axes: list[int | range]
    component: int
    time: int

    @property
    def components(self) -> range:
        return self._range(self.component)

    @property
    def samples(self) -> range:
        return self._range(self.time)

    def _range(self, axis: int) -> range:
        kept = self.axes[axis]
        assert isinstance(kept, range)
        return kept

    def read(
        self, rows: NDArray[np.int64] | None, components: list[int], start: int, stop: int
    ) -> NDArray[Any]:
        """Some samples `(trace, channel, time)`, and not much more than them, from the file.

        They are those of this trace, or of the traces in these rows of the first axis, which lie
        in the bucket as this one does.
        """
        wanted = [self.components[number] for number in components]
        index: list[Any] = [axis if isinstance(axis, int) else slice(None) for axis in self.axes]
        index[self.component] = slice(min(wanted), max(wanted) + 1)
        first = self.samples.start
        index[self.time] = slice(first + start, first + stop)
        if rows is None:
            samples = np.asarray(self.bucket[tuple(index)])[None]
        elif np.ptp(rows) < 2 * len(rows):
            if rows.min() < 0 or rows.max() >= len(self.bucket):
                raise IndexError("no such row")
            index[0] = slice(rows.min(), rows.max() + 1)
            samples = np.asarray(self.bucket[tuple(index)])[rows - rows.min()]
        else:
            samples = np.stack([self.bucket[(row, *index[1:])] for row in rows])
        samples = samples if self.component < self.time else samples.swapaxes(1, 2)
        return samples[:, [row - min(wanted) for row in wanted]]


def _axes(shape: tuple[int, ...], place: list[str]) -> list[int | range]:
    """What of each axis a place names; all of those that it does not."""
    axes: list[int | range] = [range(size) for size in shape]
    for axis, text in enumerate(place):
        numbers = [int(part) if part else None for part in text.split(":")]
        axes[axis] = range(shape[axis])[slice(*numbers) if ":" in text else int(text)]
    return axes


def _free(axes: list[int | range]) -> list[int]:
    """The two axes, components and time, that a place leaves."""
    free = [number for number, axis in enumerate(axes) if isinstance(axis, range)]
    if len(free) != 2 or any(kept.step != 1 for kept in axes if isinstance(kept, range)):
        raise Unusable("not a trace of components and time")
    return free


def _plain(node: Any) -> Any:
    """A setting as text or a number."""
    value = node[()] if isinstance(node, h5py.Dataset) and node.shape == () else None
    return value.decode() if isinstance(value, bytes) else value
