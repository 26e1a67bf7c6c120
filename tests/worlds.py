"""Sources made for tests: seeded, small, and known to the last sample."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from lightning import Trainer
from lightning.pytorch.callbacks import Callback

from tremor.data.writer import RecordWriter


@dataclass(frozen=True)
class Made:
    """A source that needs no files: three components at 100 Hz, decided by a seed."""

    count: int
    seed: int = 0
    channels: tuple[str, ...] = ("Z", "N", "E")
    sampling_rate: float = 100.0

    def files(self) -> list[Path]:
        return []


@dataclass(frozen=True)
class Numbers(Made):
    """Seeded noise: classes `quiet` and `loud`, two records an event."""

    count: int = 40
    lengths: tuple[int, ...] = (300,)

    def write(self, writer: RecordWriter) -> None:
        rng = np.random.default_rng(self.seed)
        for i in range(self.count):
            samples = self.lengths[i % len(self.lengths)]
            loud = i // 2 % 2
            signal = rng.standard_normal((3, samples)).astype(np.float32) * (1 + loud)
            label = "loud" if loud else "quiet"
            writer.add(signal, {"record_id": f"r{i}", "group": f"g{i // 2}", "label": label})


@dataclass(frozen=True)
class Tones(Made):
    """Classes that differ by the frequency of a tone in noise; learned in an epoch or two."""

    count: int = 80
    length: int = 600

    def write(self, writer: RecordWriter) -> None:
        rng = np.random.default_rng(self.seed)
        time = np.arange(self.length) / self.sampling_rate
        for i in range(self.count):
            high = i // 2 % 2
            tone = np.sin(2 * np.pi * (15 if high else 5) * time + rng.uniform(0, 6, (3, 1)))
            samples = tone + 0.3 * rng.standard_normal((3, self.length))
            row = {"record_id": f"t{i}", "group": f"e{i // 2}", "label": "high" if high else "low"}
            writer.add(samples.astype(np.float32), row)


@dataclass(frozen=True)
class Chords(Made):
    """Codes of the tones in a record, which may have both, or none: 11 (or 12) low, 21 high.

    Four records a patient, of one kind each; the last patient's have no code at all.
    """

    count: int = 96
    length: int = 300

    def write(self, writer: RecordWriter) -> None:
        rng = np.random.default_rng(self.seed)
        time = np.arange(self.length) / self.sampling_rate
        for i in range(self.count):
            low, high = (i // 4 + 1) % 4 % 2, (i // 4 + 1) % 4 // 2
            tones = (low * 5, high * 20)
            heard = sum(np.sin(2 * np.pi * f * time + rng.uniform(0, 6, (3, 1))) for f in tones)
            codes = ["11" if i % 2 else "12"] * low + ["21"] * high or ["99"]
            told = "" if i // 4 == self.count // 4 - 1 else "|".join(codes)
            row = {"record_id": f"c{i}", "group": f"p{i // 4:02}", "label": codes[0], "dx": told}
            samples = heard + 0.3 * rng.standard_normal((3, self.length))
            writer.add(samples.astype(np.float32), row)


class Bomb(Callback):
    """Kills its process, as the kernel would, at a batch of an epoch; or raises.

    With a `rank`, of several processes only that one.
    """

    def __init__(self, epoch: int, batch: int, kind: str = "kill", rank: int | None = None):
        self.at, self.kind, self.rank = (epoch, batch), kind, rank

    def on_train_batch_start(self, trainer: Trainer, module: Any, batch: Any, index: int) -> None:
        meant = self.rank in (None, trainer.global_rank)
        if meant and (trainer.current_epoch, index) == self.at:
            if self.kind == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise KeyboardInterrupt if self.kind == "interrupt" else RuntimeError("boom")
