"""A running average of the weights: what is validated, and what checkpoints hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.strategies import FSDPStrategy
from torch import Tensor

from tremor.errors import Refused

KEY = "ema"
States = dict[str, Tensor]


class AveragedWeights(Callback):
    """The exponential average of weights and buffers, taken after every optimiser step.

    After `n` steps it keeps `min(decay, (1 + n) / (10 + n))` of itself, so that a short run does
    not end as it began. Validation, `best.ckpt` and the end of the run have the average;
    checkpoints also hold the weights that learn, from which `resume=` goes on.
    """

    def __init__(self, decay: float = 0.999):
        if not 0 <= decay < 1:
            fault = f"callbacks.ema.decay is {decay}, must be from 0 to below 1"
            raise Refused(fault, "callbacks.ema.decay", "callbacks.ema.decay=0.999")
        self.decay = decay
        self.kept: States | None = None  # what the task does not hold now
        self.averaged = False  # whether the task holds the average now
        self.updates = 0
        self.step = 0

    def setup(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, stage: str
    ) -> None:
        """Lightning does not ask callbacks about checkpoints of weights alone."""
        savers = [c for c in trainer.callbacks if isinstance(c, ModelCheckpoint)]  # type: ignore[attr-defined]
        alone = next((saver.filename for saver in savers if saver.save_weights_only), None)
        if alone is not None:
            fault = f"{alone}.ckpt would hold weights that are not averaged: save_weights_only=true"
            key = f"callbacks.{alone}.save_weights_only"
            raise Refused(fault, key, f"{key}=false")
        if isinstance(trainer.strategy, FSDPStrategy):
            fault = "fsdp shares out the weights: none of the processes could average them"
            raise Refused(fault, "callbacks.ema", "callbacks.ema=null, or trainer.strategy=ddp")

    def on_train_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Begin at the weights as they are, unless a checkpoint brought an average."""
        own = pl_module.state_dict()
        kept = own if self.kept is None else self.kept
        self.kept = {name: kept[name].detach().to(w.device, copy=True) for name, w in own.items()}
        self.step = trainer.global_step

    @torch.no_grad()
    def on_train_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Take in what a step of the optimiser has made of the weights; counters are copied."""
        if trainer.global_step == self.step:
            return
        self.step = trainer.global_step
        share = 1 - min(self.decay, (1 + self.updates) / (10 + self.updates))
        self.updates += 1
        for average, own in self._pairs(pl_module):
            if own.is_floating_point():
                average.lerp_(own, share)
            else:
                average.copy_(own)

    def on_validation_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        self._exchange(pl_module, averaged=True)

    def on_validation_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        self._exchange(pl_module, averaged=False)

    def on_train_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        self._exchange(pl_module, averaged=True)

    def on_save_checkpoint(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        checkpoint: dict[str, Any],
    ) -> None:
        """The average under the names of the weights, the weights that learn beside it."""
        if self.kept is None:
            return
        own, kept = checkpoint["state_dict"], dict(self.kept)
        average, current = (own, kept) if self.averaged else (kept, own)
        checkpoint["state_dict"] = average
        checkpoint[KEY] = {"current": current, "updates": self.updates}

    def on_load_checkpoint(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        checkpoint: dict[str, Any],
    ) -> None:
        """Go on with both; a run that had no average before begins one where it is."""
        if KEY in checkpoint:
            self.updates = checkpoint[KEY]["updates"]
            self.kept = {name: w.clone() for name, w in checkpoint["state_dict"].items()}
            pl_module.load_state_dict(checkpoint[KEY]["current"])

    def _pairs(self, task: lightning.LightningModule) -> Iterator[tuple[Tensor, Tensor]]:
        """What is kept and what the task holds, name by name."""
        kept = self.kept or {}
        return ((kept[name], own) for name, own in task.state_dict().items() if name in kept)

    @torch.no_grad()
    def _exchange(self, task: lightning.LightningModule, *, averaged: bool) -> None:
        """Let the task hold the average, or the weights that learn."""
        if self.kept is None or averaged == self.averaged:
            return
        for kept, own in self._pairs(task):
            held = own.clone()
            own.copy_(kept)
            kept.copy_(held)
        self.averaged = averaged
