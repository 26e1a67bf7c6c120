"""Rows of SeisBench metadata understood as a whole, and cut into runs of traces that lie alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.sources.cells import Unusable, numbers

ARRIVAL = re.compile(r"trace_(?P<phase>[PSps]\w*)_arrival_sample")
NAMES = {
    "source_magnitude": "magnitude",
    "source_depth_km": "depth_km",
    "source_latitude_deg": "latitude",
    "source_longitude_deg": "longitude",
}
OTHERS = (
    *("trace_name", "trace_start_time", "trace_component_order", "trace_sampling_rate_hz"),
    *("trace_dt_s", "trace_npts", "source_id", "source_origin_time", "station_code", "split"),
)
TRACES = 512  # of a run at most
SAMPLES = 1 << 20  # of a run's windows at most, unless it is of one trace
Numbers = NDArray[np.float64]
Rows = NDArray[np.int64]


def wanted(column: str) -> bool:
    """Columns of metadata that are read."""
    return column in (*NAMES, *OTHERS) or ARRIVAL.fullmatch(column) is not None


@dataclass(frozen=True)
class Piece:
    """Rows of metadata: `table` as it came, names of the records, and what else decides a window.

    `arrivals` `(phase, row)` are in samples of the trace, `rate` is in Hz, NaN where unknown.
    """

    table: pd.DataFrame
    record_ids: NDArray[np.object_]
    phases: tuple[str, ...]
    arrivals: Numbers
    rate: Numbers

    @classmethod
    def of(cls, table: pd.DataFrame, record_ids: NDArray[np.object_], told: float) -> Piece:
        """From a piece of a table; `told` is the rate that the file of waveforms has, or NaN."""
        found = [match for match in map(ARRIVAL.fullmatch, map(str, table)) if match]
        arrivals = [_numbers(table, match[0]) for match in found]
        rate, step = (_numbers(table, n) for n in ("trace_sampling_rate_hz", "trace_dt_s"))
        with np.errstate(divide="ignore"):
            rate = np.where(np.isnan(rate) & (step > 0), 1 / step, rate)
        rate = np.where(np.isnan(rate), told, rate)
        phases = tuple(match["phase"] for match in found)
        known = np.stack(arrivals) if arrivals else np.empty((0, len(table)))
        return cls(table, record_ids, phases, known, rate)

    @cached_property
    def columns(self) -> dict[str, NDArray[Any]]:
        """The columns of the table by name."""
        return {str(name): column.to_numpy() for name, column in self.table.items()}

    def runs(self, seconds: float) -> Iterator[Run]:
        """Neighbouring rows whose traces lie alike in one bucket; windows of so many seconds.

        A trace that is not one row of a bucket's first axis is a run by itself.
        """
        names = self.table["trace_name"].fillna("").astype(str)
        bucket = names.str.partition("$")
        places = bucket[2].str.partition(",")
        rows = pd.to_numeric(places[0].where(places[0].str.fullmatch(r"\s*\d{1,15}\s*")))
        apart = (rows.isna() | (places[2] == "")).to_numpy()
        keys = pd.DataFrame({"bucket": bucket[0], "place": places[2], "rate": self.rate})
        keys["alone"] = np.where(apart, np.arange(len(keys)), -1)
        for name in ("trace_component_order", "trace_npts"):
            if name in self.table:
                keys[name] = self.table[name]
        changed = (keys != keys.shift()) & ~(keys.isna() & keys.shift().isna())
        numbers = rows.fillna(-1).to_numpy().astype(np.int64)
        starts = np.flatnonzero(changed.any(axis=1).to_numpy())
        samples = np.nan_to_num(seconds * self.rate[starts], posinf=0.0)
        most = np.clip(SAMPLES / np.maximum(samples, 1.0), 1, TRACES).astype(int).tolist()
        ends = [*starts[1:].tolist(), len(keys)]
        for first, stop, step in zip(starts.tolist(), ends, most, strict=True):
            for begin in range(first, stop, step):
                members = np.arange(begin, min(begin + step, stop))
                yield Run(self, members, None if apart[first] else numbers[members])


@dataclass(frozen=True)
class Run:
    """Some rows of a piece, and which rows of the bucket's first axis their traces are, if so."""

    piece: Piece
    members: Rows
    rows: Rows | None

    def __len__(self) -> int:
        return len(self.members)

    def apart(self) -> Iterator[Run]:
        """Each trace by itself."""
        for at in range(len(self)):
            one = slice(at, at + 1)
            yield Run(self.piece, self.members[one], None if self.rows is None else self.rows[one])

    @property
    def table(self) -> pd.DataFrame:
        return self.piece.table.iloc[self.members]

    @property
    def record_ids(self) -> NDArray[np.object_]:
        return self.piece.record_ids[self.members]

    @property
    def arrivals(self) -> Numbers:
        return self.piece.arrivals[:, self.members]

    @property
    def rate(self) -> float:
        """Samples a second of all its traces (Hz)."""
        rate = float(self.piece.rate[self.members[0]])
        if not 0 < rate < np.inf:
            raise Unusable("unknown sampling rate")
        return rate

    def said(self, column: str, otherwise: Any) -> Any:
        """What the column says of all its traces."""
        if column not in self.piece.columns:
            return otherwise
        value: Any = self.piece.columns[column][self.members[0]]
        return otherwise if pd.isna(value) else value

    def first_p(self) -> Numbers:
        """When P arrives first (samples of the trace), NaN where unknown."""
        chosen = [phase[0] in "Pp" for phase in self.piece.phases]
        told = self.arrivals[chosen]
        return np.fmin.reduce(told) if len(told) else np.full(len(self), np.nan)


def _numbers(table: pd.DataFrame, column: str) -> Numbers:
    """Numbers of a column, NaN where there are none."""
    if column not in table:
        return np.full(len(table), np.nan)
    return numbers(table[column])
