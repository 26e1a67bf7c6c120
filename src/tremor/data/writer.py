"""Writing a RecordSet piece by piece, so that memory does not grow with the data."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.columns import Columns
from tremor.data.copies import Copies
from tremor.data.loudness import NOISE_MARGIN as NOISE_MARGIN
from tremor.data.loudness import levels, loudness
from tremor.data.records import TABLE, Signal, mark_of
from tremor.errors import Refused

Row = dict[str, Any]
PIECE = 10_000  # rows
TEXTS = ("record_id", "group", "station", "start_time", "signal_hash", "dx", "sex", "flat_leads")
"""Columns of texts, whatever these look like."""


class RecordWriter:
    """Takes records and their rows, sets bad ones aside by name, writes the folder's files."""

    def __init__(
        self,
        folder: Path,
        channels: tuple[str, ...],
        sampling_rate: float,
        tell: Callable[[int], None] = lambda count: None,
    ):
        self.folder, self.channels, self.sampling_rate = folder, channels, sampling_rate
        self.tell = tell
        self.rows: list[Row] = []
        self.aside: list[dict[str, str]] = []
        self.notes: list[str] = []
        self.ends = array("q", [0])
        self._columns = Columns(folder / TABLE, frozenset(TEXTS))
        self._copies = Copies()
        self._repeats: dict[int, int] = {}  # place in `aside` -> number of the earlier record

    def __enter__(self) -> RecordWriter:
        self._file = (self.folder / "signal.f32").open("wb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._file.close()

    def set_aside(self, record_id: str, reason: str) -> None:
        """Name a record that cannot be used, and why."""
        self.aside.append({"record_id": record_id, "reason": reason})

    def note(self, text: str) -> None:
        """Say something of records that are used nevertheless."""
        self.notes.append(text)

    def commonest(self, first: int = 0) -> str:
        """The commonest reasons for setting aside, from the record `first` of those on."""
        counts = Counter(r["reason"].split(" to ")[0] for r in self.aside[first:])
        return ", ".join(f"{n} x {reason}" for reason, n in counts.most_common(3))

    def add(self, signal: Signal, row: Row) -> None:
        """Take one record `(channel, time)`; one that repeats an earlier one is set aside."""
        samples = np.ascontiguousarray(signal, dtype=np.float32)
        mark = self._write(samples, row["record_id"])
        if mark is None:
            return
        self.tell(len(self._copies))
        facts: Row = {"length": samples.shape[1], "signal_hash": mark}
        named = self._named(levels(samples[None]))
        facts |= {name: float(value[0]) for name, value in named.items()}
        if "snr_db" not in row and 0 < row.get("p_time_s", 0) * self.sampling_rate < len(samples.T):
            arrival = np.array([float(row["p_time_s"])])
            facts["snr_db"] = float(loudness(samples[None], arrival, self.sampling_rate)[0])
        self.rows.append(row | facts)
        if len(self.rows) == PIECE:
            self._pack()

    def add_many(self, signals: Sequence[Signal], rows: pd.DataFrame) -> None:
        """Take records `(channel, time)` and their rows, as `add` does, but much faster."""
        samples = [np.ascontiguousarray(signal, dtype=np.float32) for signal in signals]
        marks = [
            self._write(signal, record_id)
            for signal, record_id in zip(samples, rows["record_id"], strict=True)
        ]
        self.tell(len(self._copies))
        lengths = np.array([signal.shape[1] for signal in samples])
        known = np.empty((len(samples), len(self.channels)))
        ratios = np.empty(len(samples))
        arrivals = rows["p_time_s"].to_numpy(np.float64) if "p_time_s" in rows else None
        for length in np.unique(lengths):
            (alike,) = np.nonzero(lengths == length)
            together = np.stack([samples[place] for place in alike])
            known[alike] = levels(together)
            if arrivals is not None:
                ratios[alike] = loudness(together, arrivals[alike], self.sampling_rate)
        facts: dict[str, Any] = {"length": lengths, "signal_hash": marks, **self._named(known)}
        if arrivals is not None:
            facts["snr_db"] = ratios
        self._pack()
        self._columns.add(rows.assign(**facts)[[mark is not None for mark in marks]])

    def _write(self, samples: Signal, record_id: str) -> str | None:
        """Append the samples and give their fingerprint, unless they repeat an earlier record."""
        mark = mark_of(samples)
        earlier = self._copies.earlier(mark)
        if earlier is not None:
            self._repeats[len(self.aside)] = earlier
            self.set_aside(record_id, "identical to another")
            return None
        self._file.write(samples.data)
        self.ends.append(self.ends[-1] + samples.size)
        return mark

    def _named(self, known: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Levels `(record, channel)` as columns."""
        names = [f"level_{channel}" for channel in self.channels]
        return dict(zip(names, known.T, strict=True))

    def _pack(self) -> None:
        """Put rows on the disk."""
        if self.rows:
            self._columns.add(pd.DataFrame(self.rows))
            self.rows = []

    def finish(self, fingerprint: str, where: str) -> None:
        """Number the classes, write table, offsets and notes; refuse a set without records."""
        self._file.flush()
        self._pack()
        if not self._columns.size:
            why = self.commonest() or "no record found"
            raise Refused(
                f"no usable record: {why}", where, "check the files and the source's keys"
            )
        labels = self._columns.values("label")
        classes = sorted(set(pd.unique(labels).tolist()))
        numbers = pd.Index(classes, dtype=labels.dtype).get_indexer(labels).astype(np.int64)
        self._name_repeats()
        self._columns.finish(label=numbers)
        np.save(self.folder / "offsets.npy", np.frombuffer(self.ends, dtype=np.int64))
        notes = {
            "classes": [str(c) for c in classes],
            "channels": list(self.channels),
            "sampling_rate": self.sampling_rate,
            "fingerprint": fingerprint,
            "set_aside": self.aside,
            "notes": self.notes,
        }
        (self.folder / "meta.json").write_text(json.dumps(notes, indent=1))

    def _name_repeats(self) -> None:
        """Say which record each of those repeats that were set aside for it."""
        if self._repeats:
            names = self._columns.values("record_id")
            for place, earlier in self._repeats.items():
                self.aside[place]["reason"] = f"identical to {names[earlier]}"
