"""A source whose noise drifts with the date, and whose classes differ in date and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from tremor.data.writer import RecordWriter

START = pd.Timestamp("2016-01-01", tz="UTC")


@dataclass(frozen=True)
class Drifting:
    """A hum in the noise grows over 100 days; late events are mostly `after`, all are alike.

    P comes at 3 s of 5 s, at 100 Hz.
    """

    count: int = 160
    seed: int = 0
    channels: tuple[str, ...] = ("Z", "N", "E")
    sampling_rate: float = 100.0

    def files(self) -> list[Path]:
        return []

    def write(self, writer: RecordWriter) -> None:
        rng = np.random.default_rng(self.seed)
        time = np.arange(500) / self.sampling_rate
        for i in range(self.count):
            day = float(rng.uniform(0, 100))
            late = rng.random() < 1 / (1 + np.exp(-(day - 50) / 8))
            hum = np.sin(2 * np.pi * 20 * time + rng.uniform(0, 6, (3, 1))) * (0.1 + 0.03 * day)
            quake = rng.standard_normal((3, 500)) * 3 * (time > 3) * np.exp(-(time - 3))
            signal = rng.standard_normal((3, 500)) + hum + quake
            row = {"record_id": f"d{i}", "group": f"e{i}", "label": "after" if late else "before"}
            row |= {"start_time": (START + pd.Timedelta(days=day)).isoformat(), "p_time_s": 3.0}
            writer.add(signal.astype(np.float32), row)
