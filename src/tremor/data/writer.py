"""Writing a RecordSet: one record at a time, so that memory does not grow with the data."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd

from tremor.data.records import Signal
from tremor.errors import Refused

Row = dict[str, Any]
NOISE_MARGIN = 0.5  # s before P that are not called noise
SHAKING = 10.0  # s after P that are called signal
PIECE = 10_000  # rows


class RecordWriter:
    """Takes records and their rows, sets bad ones aside by name, writes the folder's four files."""

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
        self.tables: list[pd.DataFrame] = []
        self.aside: list[dict[str, str]] = []
        self.notes: list[str] = []
        self.ends = [0]
        self._hashes: dict[str, str] = {}

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
        mark = hashlib.blake2b(samples.tobytes(), digest_size=12).hexdigest()
        if mark in self._hashes:
            return self.set_aside(row["record_id"], f"identical to {self._hashes[mark]}")
        self._hashes[mark] = row["record_id"]
        self._file.write(samples.tobytes())
        self.ends.append(self.ends[-1] + samples.size)
        self.tell(len(self._hashes))
        facts = {"length": samples.shape[1], "signal_hash": mark} | self._levels(samples)
        facts |= self._loudness(samples, row)
        self.rows.append(row | facts)
        if len(self.rows) == PIECE:
            self._pack()

    def _pack(self) -> None:
        """Put rows together, as a table takes a tenth of their memory."""
        self.tables.append(pd.DataFrame(self.rows))
        self.rows = []

    def _levels(self, signal: Signal) -> Row:
        """log10 of each channel's root mean square about its mean (-inf becomes -30)."""
        rms = signal.astype(np.float64).std(axis=1)
        levels = np.log10(np.maximum(rms, 1e-30))
        return {f"level_{c}": float(v) for c, v in zip(self.channels, levels, strict=True)}

    def _loudness(self, signal: Signal, row: Row) -> Row:
        """`snr_db`: power in the seconds after P over that before it, where P is known."""
        if "snr_db" in row:
            return {}
        if not 0 < row.get("p_time_s", 0) * self.sampling_rate < signal.shape[1]:
            return {}
        arrival = round(row["p_time_s"] * self.sampling_rate)
        margin, after = (
            round(NOISE_MARGIN * self.sampling_rate),
            round(SHAKING * self.sampling_rate),
        )
        noise = signal[:, : max(arrival - margin, 2)].astype(np.float64)
        shaking = signal[:, arrival : arrival + after].astype(np.float64)
        quiet, loud = (part.var(axis=1).sum() for part in (noise, shaking))
        return {"snr_db": float(10 * np.log10(max(loud, 1e-30) / max(quiet, 1e-30)))}

    def finish(self, fingerprint: str, where: str) -> None:
        """Number the classes, write table, offsets and notes; refuse a set without records."""
        self._file.flush()
        self._pack()
        table = pd.concat(self.tables, ignore_index=True)
        if table.empty:
            why = self.commonest() or "no record found"
            raise Refused(
                f"no usable record: {why}", where, "check the files and the source's keys"
            )
        classes = sorted(table["label"].unique())
        table["label"] = table["label"].map({name: i for i, name in enumerate(classes)})
        table.to_csv(self.folder / "table.csv", index=False)
        np.save(self.folder / "offsets.npy", np.asarray(self.ends, dtype=np.int64))
        notes = {
            "classes": [str(c) for c in classes],
            "channels": list(self.channels),
            "sampling_rate": self.sampling_rate,
            "fingerprint": fingerprint,
            "set_aside": self.aside,
            "notes": self.notes,
        }
        (self.folder / "meta.json").write_text(json.dumps(notes, indent=1))
