"""Writing a RecordSet: one record at a time, so that memory does not grow with the data."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pandas as pd

from tremor.data.records import Signal
from tremor.errors import Refused

Row = dict[str, Any]


class RecordWriter:
    """Takes records and their rows, sets bad ones aside by name, writes the folder's four files."""

    def __init__(self, folder: Path, channels: tuple[str, ...], sampling_rate: float):
        self.folder, self.channels, self.sampling_rate = folder, channels, sampling_rate
        self.rows: list[Row] = []
        self.aside: list[dict[str, str]] = []
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

    def add(self, signal: Signal, row: Row) -> None:
        """Take one record `(channel, time)`; one that repeats an earlier one is set aside."""
        samples = np.ascontiguousarray(signal, dtype=np.float32)
        mark = hashlib.blake2b(samples.tobytes(), digest_size=12).hexdigest()
        if mark in self._hashes:
            return self.set_aside(row["record_id"], f"identical to {self._hashes[mark]}")
        self._hashes[mark] = row["record_id"]
        self._file.write(samples.tobytes())
        self.ends.append(self.ends[-1] + samples.size)
        facts = {"length": samples.shape[1], "signal_hash": mark} | self._levels(samples)
        self.rows.append(row | facts)

    def _levels(self, signal: Signal) -> Row:
        """log10 of each channel's root mean square about its mean (-inf becomes -30)."""
        rms = signal.astype(np.float64).std(axis=1)
        levels = np.log10(np.maximum(rms, 1e-30))
        return {f"level_{c}": float(v) for c, v in zip(self.channels, levels, strict=True)}

    def finish(self, fingerprint: str, where: str) -> None:
        """Number the classes, write table, offsets and notes; refuse a set that teaches nothing."""
        self._file.flush()
        table = pd.DataFrame(self.rows)
        counts = Counter(r["reason"].split(" to ")[0] for r in self.aside)
        if table.empty:
            why = ", ".join(f"{n} x {reason}" for reason, n in counts.items()) or "no record found"
            raise Refused(
                f"no usable record: {why}", where, "check the files and the source's keys"
            )
        classes = sorted(table["label"].unique())
        if len(classes) < 2:
            raise Refused(
                f"one class only: all {len(table)} records are '{classes[0]}'",
                where,
                "give records of at least two classes (dataset.paths takes several files)",
            )
        table["label"] = table["label"].map({name: i for i, name in enumerate(classes)})
        table.to_csv(self.folder / "table.csv", index=False)
        np.save(self.folder / "offsets.npy", np.asarray(self.ends, dtype=np.int64))
        notes = {
            "classes": [str(c) for c in classes],
            "channels": list(self.channels),
            "sampling_rate": self.sampling_rate,
            "fingerprint": fingerprint,
            "set_aside": self.aside,
        }
        (self.folder / "meta.json").write_text(json.dumps(notes, indent=1))
