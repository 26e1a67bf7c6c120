"""Foreshocks and aftershocks at any number of stations: a folder each, two HDF5 files in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tremor.data.records import Signal
from tremor.data.sources.cells import Unusable, number, sound, written
from tremor.data.sources.norcia import NUMBERS, event, moment, ordered, refuse_order
from tremor.data.sources.norcia_files import COMPONENTS, Trace, once
from tremor.data.sources.norcia_hdf5 import attribute_table, hdf5_traces
from tremor.data.sources.station_files import PHASES, StationFiles, found
from tremor.data.writer import RecordWriter, Row
from tremor.errors import Refused

ORDER, RATE = "trace_component_order", "trace_sampling_rate_hz"
EVENTS = ("source_id", "event_id", "source_origin_time")
NEEDED = ("trace_name",)


@dataclass(frozen=True)
class Stations:
    """Records of the first `n_samples` of each trace, labelled with their phase: pre or post.

    `stored_order` and `stored_rate` (Hz) say how traces are stored where the tables of attributes
    do not; what these say comes first. `event_column` names the earthquake of a trace; without it
    the tables' own `source_id`, `event_id` or `source_origin_time` does.
    """

    data_dir: str
    station: str | None = None
    n_samples: int = 1300
    component_order: str = "ZNE"
    stored_order: str | None = None
    stored_rate: float | None = None
    event_column: str | None = None

    def __post_init__(self) -> None:
        for key in ("component_order", "stored_order"):
            value = getattr(self, key)
            if value is not None:
                refuse_order(key, value)
        if self.n_samples < 1:
            fault = f"n_samples is {self.n_samples}, must be at least 1"
            raise Refused(fault, "dataset.n_samples", "dataset.n_samples=1300")

    @property
    def channels(self) -> tuple[str, ...]:
        """The letters of the components."""
        return tuple(self.component_order)

    @cached_property
    def _found(self) -> list[StationFiles]:
        if not self.data_dir:
            remedy = "dataset.data_dir=FOLDER, or dataset.source=synthetic, which needs no files"
            raise Refused("no folder of stations is given", "dataset.data_dir", remedy)
        return found(self.data_dir, self.station)

    def files(self) -> list[Path]:
        """All files of the chosen stations."""
        return [path for station in self._found for path in station.files()]

    @cached_property
    def sampling_rate(self) -> float:
        """The commonest sampling rate of all traces (Hz): those of another one are set aside."""
        rates = [rate for path in self._tables() for rate in self._rates(path)]
        if not rates:
            raise Refused(
                f"no table says the sampling rate (column {RATE})",
                str(self._found[0].folder),
                "dataset.stored_rate=100, if that is what it is",
            )
        return float(pd.Series(rates).mode().iloc[0])

    def _tables(self) -> Iterator[Path]:
        for station in self._found:
            yield from (station.attributes(phase) for phase in PHASES)

    def _rates(self, path: Path) -> list[float]:
        table = attribute_table(path, NEEDED)
        if RATE in table:
            return [rate for rate in map(number, table[RATE]) if np.isfinite(rate)]
        return [] if self.stored_rate is None else [self.stored_rate] * len(table)

    def write(self, writer: RecordWriter) -> None:
        """All traces of all stations; each one that is unusable is set aside by name."""
        for station in self._found:
            seen: set[str] = set()
            for phase in PHASES:
                catalog, table = station.catalog(phase), station.attributes(phase)
                for trace in once(hdf5_traces(catalog, table, NEEDED, self._fault), seen):
                    name = f"{station.name}__{trace.name}"
                    try:
                        signal = self._signal(trace)
                        row = self._row(station.name, phase, trace, table)
                    except Unusable as reason:
                        writer.set_aside(name, str(reason))
                    else:
                        writer.add(signal, {"record_id": name} | row)

    def _fault(self, shape: tuple[int, ...]) -> str:
        """What is wrong with the shape of a trace, if anything is."""
        if len(shape) != 2 or shape[0] != 3:
            return f"shape {shape}, not (3, {self.n_samples}) or longer"
        return (
            "" if shape[1] >= self.n_samples else f"{shape[1]} samples, fewer than {self.n_samples}"
        )

    def _signal(self, trace: Trace) -> Signal:
        """The first samples `(channel, time)` in the wanted order."""
        if trace.fault:
            raise Unusable(trace.fault)
        rate = number(trace.attributes.get(RATE, self.stored_rate))
        if rate != self.sampling_rate:
            raise Unusable(f"{rate:g} Hz, not {self.sampling_rate:g}")
        samples = trace.samples[:, : self.n_samples]
        return sound(ordered(samples, self.component_order, self._stored_order(trace)))

    def _stored_order(self, trace: Trace) -> str:
        """The components of a trace's rows."""
        order = trace.attributes.get(ORDER, self.stored_order)
        if order is None:
            raise Refused(
                f"no table says the order of components (column {ORDER})",
                str(self._found[0].folder),
                "dataset.stored_order=ENZ, if that is what it is",
            )
        if not isinstance(order, str) or sorted(order) != sorted(COMPONENTS):
            raise Unusable(f"components {order}, not E, N and Z")
        return order

    def _row(self, station: str, phase: str, trace: Trace, table: Path) -> Row:
        """What is known of a trace: times in UTC and s, degrees, km."""
        known = trace.attributes
        row: Row = {"group": self._event(known, table), "label": phase, "station": station}
        row |= {new: number(known[old]) for new, old in NUMBERS.items() if old in known}
        start = written(moment(known, "trace_start_time")) if "trace_start_time" in known else ""
        row["start_time"] = start
        if start and {"p_travel_sec", "source_origin_time"} <= known.keys():
            lead = moment(known, "source_origin_time") - moment(known, "trace_start_time")
            row["p_time_s"] = round(lead.total_seconds() + number(known["p_travel_sec"]), 6)
        return row

    def _event(self, known: dict[str, Any], table: Path) -> str:
        """The name of a trace's earthquake, or its origin time to the second."""
        wanted = EVENTS if self.event_column is None else (self.event_column,)
        column = next((name for name in wanted if name in known), None)
        if column is None:
            raise Refused(
                f"none of the columns {', '.join(wanted)}: which traces are of one earthquake? "
                f"It has {list(known)}",
                str(table),
                "dataset.event_column=<the column>, or add one: "
                "records of one event must not be split",
            )
        if column == "source_origin_time":
            return written(moment(known, column).replace(microsecond=0))
        return event(known[column])
