"""Half-hour records at 1 Hz that ask two questions: is there a tone, and on which component."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tremor.data.writer import RecordWriter

SIZES = ("Normal", "Small", "Large")
WINDS = ("Normal", "N", "E")
HEADS = {"magnitude": list(SIZES), "azimuth": list(WINDS)}
HERTZ = 0.04


@dataclass(frozen=True)
class SlowWorld:
    """What is known of the tones: they last all the time, at 40 mHz, on H (N) or on D (E)."""

    seed: int = 0

    def evidence(self, row: pd.Series, times: Any, frequencies: Any) -> Any:
        """`(H D Z, frequency, time)`; before no event there is none."""
        shape = np.zeros((3, len(frequencies), len(times)))
        if not pd.isna(row["event_time"]):
            near = np.abs(np.asarray(frequencies) - HERTZ) < 0.01
            shape[0 if row["wind"] == "N" else 1, near] = 1.0
        return shape


@dataclass(frozen=True)
class SlowTones:
    """A source of heads: a third of the records quiet; every seventh tells no direction."""

    archive: SlowWorld
    count: int = 84
    length: int = 1800
    channels: tuple[str, ...] = ("H", "D", "Z")
    sampling_rate: float = 1.0

    def files(self) -> list[Path]:
        return []

    def write(self, writer: RecordWriter) -> None:
        rng = np.random.default_rng(self.archive.seed)
        time = np.arange(self.length) / self.sampling_rate
        for i in range(self.count):
            size = i // 2 % 3
            wind = 1 + i // 6 % 2 if size else 0
            signal = rng.standard_normal((3, self.length))
            tone = 0.4 * size * np.sin(2 * np.pi * HERTZ * time + rng.uniform(0, 6))
            signal[max(wind - 1, 0)] += tone
            told = "unknown" if i % 7 == 6 else WINDS[wind]
            row = {
                "record_id": f"s{i}",
                "group": f"e{i // 2}",
                "label": SIZES[size],
                "label_magnitude": SIZES[size],
                "label_azimuth": told,
                "wind": WINDS[wind],
                "event_time": "2020-01-01T00:00:00Z" if size else "",
                "hours": 0.5,
            }
            writer.add(signal.astype(np.float32), row)


OVERRIDES = [
    "dataset.records._target_=slow_tones.SlowTones",
    *(f"~dataset.{key}" for key in ("records.world", "n_events", "effect_size", "world_seed")),
    "dataset.records.archive._target_=slow_tones.SlowWorld",
    "dataset.records.archive.seed=0",
    "dataset.sampling_rate=1.0",
    "dataset.records.sampling_rate=${dataset.sampling_rate}",
    "dataset.heads={magnitude:[Normal,Small,Large],azimuth:[Normal,N,E]}",
    "dataset.labels._target_=tremor.data.heads.by_head",
    "dataset.labels.heads={magnitude:[Normal,Small,Large],azimuth:[Normal,N,E]}",
    "dataset.num_classes=null",
    "dataset.amp_norm_type=none",
    "dataset.batch_size=8",
    "dataset.test_ratio=0.4",
    "evaluation.circular=null",
    "task=multitask",
    "evaluation=multitask",
    "encoder=ulf_spectrogram",
    "encoder.nperseg=128",
    "encoder.extra=[ratio]",
    "model=timm",
    "model.name=convnext_atto",
    "model.resize=[64,64]",
    "trainer.max_epochs=1",
    "trainer.accelerator=cpu",
    "evaluation.draws=50",
    "evaluation.permutations=20",
]
"""A door's words for a small run of two heads."""
