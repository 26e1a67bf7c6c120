"""The 2016 Norcia sequence at one station: earthquakes before Visso, until Norcia, and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from tremor.data.records import Signal
from tremor.data.sources.cells import Unusable, number, sound, written
from tremor.data.sources.norcia_files import (
    COMPONENTS,
    SAMPLING_RATE,
    FileSet,
    Samples,
    Trace,
    complete,
    lacks,
    once,
)
from tremor.data.sources.norcia_hdf5 import hdf5_traces
from tremor.data.sources.norcia_pickle import pickled_traces
from tremor.data.writer import RecordWriter, Row
from tremor.errors import Refused

NUMBERS = {
    "magnitude": "source_magnitude",
    "depth_km": "source_depth_km",
    "latitude": "source_latitude",
    "longitude": "source_longitude",
}


@dataclass(frozen=True)
class Norcia:
    """Traces of 25 s at 100 Hz in counts, each labelled with its phase: pre, visso or post.

    HDF5 files are preferred to pickles where `data_dir` has both. Those of Visso may be missing, as
    even numbers of classes do without. Origin times are given to the
    second, and so no better is `p_time_s`.
    """

    data_dir: str
    station: str = "NRCA"
    component_order: str = "ZNE"

    def __post_init__(self) -> None:
        refuse_order("component_order", self.component_order)

    @property
    def channels(self) -> tuple[str, ...]:
        """The letters of the components."""
        return tuple(self.component_order)

    @property
    def sampling_rate(self) -> float:
        """Samples a second (Hz)."""
        return SAMPLING_RATE

    def files(self) -> list[Path]:
        """The files of the first complete set, or of the first that lacks Visso alone."""
        found = self._found()
        return [path for phase in found.there() for path in found.of(phase)]

    def _found(self) -> FileSet:
        if not self.data_dir:
            remedy = "dataset.data_dir=FOLDER, or dataset.source=synthetic, which needs no files"
            raise Refused("no folder of the Norcia files is given", "dataset.data_dir", remedy)
        return complete(self.data_dir, self.station, ("hdf5", "pickle"), ("pre", "post"))

    def write(self, writer: RecordWriter) -> None:
        """All traces, a phase at a time; each one that is unusable is set aside."""
        files, seen = self._found(), set[str]()
        there = files.there()
        if "visso" not in there:
            names = ", ".join(path.name for path in files.of("visso"))
            writer.set_aside(names, "phase without files (odd dataset.num_classes need it)")
        for phase in there:
            for trace in once(traces(files, phase), seen):
                try:
                    signal, row = self._signal(trace), self._row(phase, trace)
                except Unusable as reason:
                    writer.set_aside(trace.name, str(reason))
                else:
                    writer.add(signal, row)

    def _signal(self, trace: Trace) -> Signal:
        """Samples `(channel, time)` in the wanted order."""
        if trace.fault:
            raise Unusable(trace.fault)
        return sound(ordered(trace.samples, self.component_order))

    def _row(self, phase: str, trace: Trace) -> Row:
        """What is known of a trace: times in UTC and s, degrees, km."""
        known = trace.attributes
        start, origin = (moment(known, f"{of}_time") for of in ("trace_start", "source_origin"))
        row = {"record_id": trace.name, "group": event(known["source_id"])}
        row |= {"label": phase, "phase": phase, "station": self.station}
        row |= {"start_time": written(start), "origin_time": written(origin)}
        numbers = {new: number(known[old]) for new, old in NUMBERS.items() if old in known}
        if "p_travel_sec" in known:
            travel = number(known["p_travel_sec"])
            numbers["p_time_s"] = round((origin - start).total_seconds() + travel, 6)
        return row | numbers


def traces(files: FileSet, phase: str) -> Iterator[Trace]:
    """The traces of one phase, from files of either kind."""
    if files.kind == "hdf5":
        catalog, attributes = files.of(phase)
        return hdf5_traces(catalog, attributes)
    return pickled_traces(*files.of(phase))


def refuse_order(key: str, order: str) -> None:
    """Refuse an order of components that has not each of them once."""
    if sorted(order) != sorted(COMPONENTS):
        remedy = "give E, N and Z in any order, such as ZNE"
        raise Refused(f"{key} is '{order}'", f"dataset.{key}", remedy)


def ordered(samples: Samples, order: str, stored: Sequence[str] = COMPONENTS) -> Signal:
    """`(component, time)` put in another order; what float32 cannot hold becomes infinite."""
    with np.errstate(over="ignore"):
        return samples[[stored.index(letter) for letter in order]].astype(np.float32)


def moment(known: dict[str, Any], column: str) -> datetime:
    """A time among the attributes (UTC)."""
    value = known[column]
    try:
        return utc(value.isoformat() if isinstance(value, datetime) else value)
    except (TypeError, ValueError) as error:
        raise Unusable(f"{column} is not a time") from error


def utc(text: str) -> datetime:
    """An ISO time, which is UTC unless it says otherwise."""
    stamp = datetime.fromisoformat(text)
    offset = stamp.utcoffset()
    naive = stamp.replace(tzinfo=None)
    try:
        return (naive - offset if offset else naive).replace(tzinfo=UTC)
    except OverflowError as error:
        raise ValueError(text) from error


def event(value: Any) -> str:
    """The name of an event; a gap in the column has turned whole numbers into floats."""
    if lacks(value) or not str(value).strip():
        raise Unusable("no source_id")
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value)
