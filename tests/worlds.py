"""Sources made for tests: seeded, small, and known to the last sample."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tremor.data.writer import RecordWriter


@dataclass(frozen=True)
class Numbers:
    """A source of seeded noise: classes `quiet` and `loud`, two records an event."""

    count: int = 40
    lengths: tuple[int, ...] = (300,)
    seed: int = 0
    channels: tuple[str, ...] = ("Z", "N", "E")
    sampling_rate: float = 100.0

    def files(self) -> list[Path]:
        return []

    def write(self, writer: RecordWriter) -> None:
        rng = np.random.default_rng(self.seed)
        for i in range(self.count):
            samples = self.lengths[i % len(self.lengths)]
            loud = i // 2 % 2
            signal = rng.standard_normal((3, samples)).astype(np.float32) * (1 + loud)
            label = "loud" if loud else "quiet"
            writer.add(signal, {"record_id": f"r{i}", "group": f"g{i // 2}", "label": label})
