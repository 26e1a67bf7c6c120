"""What happens around epochs: seeding them, and showing how far the run is."""

from __future__ import annotations

import random
import sys
from typing import Any

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, RichProgressBar
from lightning.pytorch.utilities import rank_zero_only


class EpochSeed(Callback):
    """Seeds all randomness from (seed, epoch) at each epoch's start, in each process its own.

    A run that resumes at an epoch therefore repeats it to the last bit. So does one that resumes
    within an epoch: whenever a checkpoint is written, randomness is seeded anew, as it is then.
    """

    def __init__(self, seed: int):
        self.seed = seed

    def on_train_epoch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        self._reseed(trainer)

    def on_save_checkpoint(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        checkpoint: dict[str, Any],
    ) -> None:
        self._reseed(trainer, trainer.global_step)

    def on_train_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Within an epoch as at its checkpoint; else as at its start, which Lightning may skip."""
        taken_up = getattr(trainer.datamodule, "taken_up", None)  # type: ignore[attr-defined]
        within = taken_up is not None and taken_up.epoch == trainer.current_epoch
        self._reseed(trainer, *([trainer.global_step] if within else []))

    def _reseed(self, trainer: lightning.Trainer, *step: int) -> None:
        """From the seed and the epoch, and the steps until then where it is in the midst of it."""
        rank = (trainer.global_rank,) if trainer.global_rank else ()
        within = (trainer.global_rank, *step) if step else rank
        entropy = (self.seed, trainer.current_epoch, *within)
        state = np.random.SeedSequence(entropy).generate_state(3)
        torch.manual_seed(int(state[0]))
        np.random.seed(int(state[1]))
        random.seed(int(state[2]))


class Steps(Callback):
    """How many steps the optimiser has made, and whether any was left to make.

    Known also where other processes made them.
    """

    def __init__(self) -> None:
        self.done = torch.zeros((), dtype=torch.int64).share_memory_()
        self.left = torch.zeros((), dtype=torch.bool).share_memory_()

    def on_train_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        self.left.fill_(True)

    def on_fit_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if trainer.is_global_zero:
            self.done.fill_(trainer.global_step)


class Progress(RichProgressBar):
    """A rich progress bar on a terminal, silence elsewhere."""

    def __init__(self, refresh_rate: int = 1, leave: bool = False):
        super().__init__(refresh_rate, leave)
        if not sys.stdout.isatty() or rank_zero_only.rank:
            self.disable()

    def get_metrics(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> dict[str, Any]:
        """What the bar shows: the loss of the step, and the last validation."""
        loss = getattr(pl_module, "loss", None)
        own = {} if loss is None else {"loss": float(loss)}
        return own | dict(super().get_metrics(trainer, pl_module))
