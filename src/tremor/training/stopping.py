"""A request to stop (SIGTERM) that reaches one of several processes ends all, at the same step."""

from __future__ import annotations

import signal
from pathlib import Path
from types import FrameType
from typing import Any

import lightning
from lightning.pytorch.callbacks import Callback

from tremor.errors import STOPPED, TremorError
from tremor.files import near


def stopped(folder: Path) -> TremorError:
    """The end of a run that was asked to stop: by Ctrl-C, or by a queue."""
    kept = (folder / "checkpoints" / "last.ckpt").exists()
    onward = f"resume={near(folder)} goes on from its latest checkpoint"
    remedy = onward if kept else "no epoch was finished: start again"
    return TremorError("stopped", str(folder), remedy, code=STOPPED)


class StopTogether(Callback):
    """Processes agree after each batch whether one of them was asked to stop.

    Lightning's own handler speaks to the others as soon as the signal comes, in the midst of
    whatever they exchange: they abort, or wait for each other for ever.
    """

    def __init__(self, folder: Path):
        self.folder, self.asked = folder, False

    def on_train_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Lightning has set its handler by now, and takes away whichever is there at the end."""
        if trainer.world_size > 1:
            signal.signal(signal.SIGTERM, self._noted)

    def _noted(self, number: int, frame: FrameType | None) -> None:
        self.asked = True

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        if trainer.world_size > 1 and trainer.strategy.reduce_boolean_decision(
            self.asked, all=False
        ):
            raise stopped(self.folder)
