"""A trial of a search tells its monitored number each epoch, and ends early where it is behind."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Protocol

import lightning
from lightning.pytorch.callbacks import Callback

from tremor.files import write_json
from tremor.training.sweep_folder import PRUNED_NOTE


class Trial(Protocol):
    """What takes the reports: an Optuna trial."""

    def report(self, value: float, step: int) -> None: ...

    def should_prune(self) -> bool: ...


class Pruning(Callback):
    """Reports `monitor` after each epoch; a trial that is behind stops there, with a note of it.

    Of several processes the first one reports, and all of them stop.
    """

    def __init__(self, trial: Trial, monitor: str, folder: Path):
        self.trial, self.monitor, self.folder = trial, monitor, folder

    def on_train_epoch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        behind = trainer.is_global_zero and self._behind(trainer)
        if trainer.world_size > 1:
            behind = trainer.strategy.broadcast(behind)
        trainer.should_stop = trainer.should_stop or behind

    def _behind(self, trainer: lightning.Trainer) -> bool:
        value: Any = trainer.callback_metrics.get(self.monitor)
        if value is None or not math.isfinite(float(value)):
            return False
        epoch = trainer.current_epoch
        self.trial.report(float(value), epoch)
        last = trainer.max_epochs is not None and epoch + 1 == trainer.max_epochs
        if last or not self.trial.should_prune():
            return False
        note = {"epoch": epoch, "monitor": self.monitor, "value": float(value)}
        write_json(self.folder / PRUNED_NOTE, note)
        return True
