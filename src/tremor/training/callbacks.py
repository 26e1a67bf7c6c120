"""What happens around epochs: seeding them, and showing how far the run is."""

from __future__ import annotations

import random
import sys

import lightning
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, RichProgressBar


class EpochSeed(Callback):
    """Seeds all randomness from (seed, epoch) at each epoch's start, in each process its own.

    A run that resumes at an epoch therefore repeats it to the last bit.
    """

    def __init__(self, seed: int):
        self.seed = seed

    def on_train_epoch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        rank = (trainer.global_rank,) if trainer.global_rank else ()
        entropy = (self.seed, trainer.current_epoch, *rank)
        state = np.random.SeedSequence(entropy).generate_state(3)
        torch.manual_seed(int(state[0]))
        np.random.seed(int(state[1]))
        random.seed(int(state[2]))


class Progress(RichProgressBar):
    """A rich progress bar on a terminal, silence elsewhere."""

    def __init__(self, refresh_rate: int = 1, leave: bool = False):
        super().__init__(refresh_rate, leave)
        if not sys.stdout.isatty():
            self.disable()
