"""Windows of SeisBench traces on their way into a record set, with what is known of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.records import Signal
from tremor.data.sources.cells import numbers
from tremor.data.sources.seisbench_runs import NAMES, SAMPLES, TRACES, Piece, Run
from tremor.data.writer import RecordWriter

Starts = NDArray[np.int64]
Reasons = NDArray[np.object_]


class Gathered:
    """Windows of runs of one piece, which are handed on some hundred at a time."""

    def __init__(self, writer: RecordWriter, piece: Piece, dataset: str):
        self.writer, self.piece, self.dataset = writer, piece, dataset
        self._windows: list[Signal] = []
        self._members: list[Starts] = []
        self._starts: list[Starts] = []
        self._samples = 0

    def add(self, windows: Signal, run: Run, starts: Starts, reasons: Reasons) -> None:
        """Take windows `(trace, channel, time)`; those with a reason are set aside."""
        good = reasons == ""
        for name, reason in zip(run.record_ids[~good], reasons[~good], strict=True):
            self.writer.set_aside(name, reason)
        self._windows += [*windows[good]]
        self._members.append(run.members[good])
        self._starts.append(starts[good])
        self._samples += windows.size
        if self._samples >= SAMPLES or len(self._windows) >= TRACES:
            self.hand_on()

    def hand_on(self) -> None:
        """Give the writer what there is."""
        if self._windows:
            run = Run(self.piece, np.concatenate(self._members), None)
            rows = facts(run, np.concatenate(self._starts), self.dataset)
            self.writer.add_many(self._windows, rows)
        self._windows, self._members, self._starts, self._samples = [], [], [], 0


def facts(run: Run, starts: Starts, dataset: str) -> pd.DataFrame:
    """What is known of windows that begin at these samples: times in UTC and s, degrees, km."""
    table, rate = run.table, run.piece.rate[run.members]
    made: dict[str, Any] = {"record_id": run.record_ids, "group": _groups(run, table, dataset)}
    made |= {"label": "unlabelled", "dataset": dataset}
    made["trace_name"] = table["trace_name"].to_numpy()
    stations = table.get("station_code", pd.Series("", table.index))
    made["station"] = stations.fillna("").to_numpy()
    for old, new in NAMES.items():
        if old in table:
            made[new] = numbers(table[old])
    if "trace_start_time" in table:
        made["start_time"] = _written(table["trace_start_time"], starts / rate)
    if "source_origin_time" in table:
        made["origin_time"] = _written(table["source_origin_time"], np.zeros(len(run)))
    if any(phase[0] in "Pp" for phase in run.piece.phases):
        made["p_time_s"] = np.round((run.first_p() - starts) / rate, 6)
    return pd.DataFrame(made)


def _groups(run: Run, table: pd.DataFrame, dataset: str) -> NDArray[Any]:
    """The event of each trace; one without is an event of its own."""
    if "source_id" not in table:
        return run.record_ids
    events = table["source_id"].str.replace(r"\.0$", "", regex=True)
    return np.where(events.isna(), run.record_ids, (f"{dataset} " + events).to_numpy())


def _written(stamps: pd.Series[Any], later: NDArray[np.float64]) -> NDArray[Any]:
    """Times in UTC, so many seconds later, as ISO text to the microsecond; None where unknown."""
    times = pd.to_datetime(stamps, utc=True, errors="coerce", format="mixed").dt.tz_localize(None)
    exact = times.to_numpy("datetime64[us]") + np.round(later * 1e6).astype("timedelta64[us]")
    text: NDArray[Any] = np.char.add(np.datetime_as_string(exact, unit="us"), "Z").astype(object)
    text[np.isnat(exact)] = None
    return text
