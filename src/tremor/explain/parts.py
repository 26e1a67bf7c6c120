"""Explanations on their way into one file: one part a record, so that a killed run goes on."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tremor.explain.explanation import Axis, Explanation
from tremor.files import write_whole

ARRAYS = ("values", "errors", "leaf")
NUMBERS = ("freedom", "base_value", "output", "completeness_error", "evaluations", "method", "note")
MAPPINGS = ("settings", "trust")


@dataclass(frozen=True)
class Parts:
    """A folder of finished records; each appears whole or not at all."""

    folder: Path

    def _place(self, record_id: str) -> Path:
        name = hashlib.blake2b(record_id.encode(), digest_size=12).hexdigest()
        return self.folder / f"{name}.npz"

    def has(self, record_id: str) -> bool:
        return self._place(record_id).exists()

    def put(self, record_id: str, found: Explanation) -> None:
        """Keep the explanation of a record."""
        arrays = {n: getattr(found, n) for n in ARRAYS if getattr(found, n) is not None}
        told: dict[str, Any] = {name: getattr(found, name) for name in (*NUMBERS, *MAPPINGS)}
        memory = io.BytesIO()
        np.savez_compressed(
            memory, told=json.dumps(told), **{n: a.numpy() for n, a in arrays.items()}
        )
        write_whole(self._place(record_id), memory.getvalue())

    def get(self, record_id: str, axes: tuple[Axis, ...]) -> Explanation:
        """The explanation of a record that is there."""
        with np.load(self._place(record_id), allow_pickle=False) as file:
            told = json.loads(str(file["told"]))
            arrays = {n: torch.from_numpy(file[n]) if n in file else None for n in ARRAYS}
        return Explanation(**arrays, **told, axes=axes)  # type: ignore[arg-type]

    def drop(self) -> None:
        """All are in one file now."""
        shutil.rmtree(self.folder, ignore_errors=True)
