"""One label of several: cross-entropy, and the metrics that a constant answer does not flatter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import lightning
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from tremor.data.batch import Batch
from tremor.network.network import Network
from tremor.tasks.optimisation import Groups, parameter_groups, scaled, set_frozen

Transform = Callable[[Tensor, Tensor], Tensor]


class Classification(lightning.LightningModule):
    """Normalise, augment while training, classify.

    `card` is what a checkpoint says of itself (config, facts, provenance): plain types only.
    """

    def __init__(
        self,
        network: Network,
        normalise: Transform,
        augment: nn.Module,
        optimizer: Callable[[Groups], Optimizer],
        scheduler: Callable[..., LRScheduler],
        num_classes: int,
        label_smoothing: float = 0.0,
        unfreeze_at_epoch: int | None = None,
        unfrozen_lr_mult: float = 1.0,
    ):
        super().__init__()
        self.network, self.normalise, self.augment = network, normalise, augment
        self.make_optimizer, self.make_scheduler = optimizer, scheduler
        self.label_smoothing = label_smoothing
        self.unfreeze_at_epoch, self.unfrozen_lr_mult = unfreeze_at_epoch, unfrozen_lr_mult
        self.frozen: tuple[str, ...] = ()
        self.card: dict[str, Any] = {}
        self.val_metrics = MetricCollection(
            {
                "accuracy": MulticlassAccuracy(num_classes, average="micro"),
                "balanced_accuracy": MulticlassAccuracy(num_classes, average="macro"),
                "macro_f1": MulticlassF1Score(num_classes, average="macro"),
            },
            prefix="val/",
        )

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        """Logits `(batch, class)` of raw waveforms `(batch, channel, time)`."""
        return self.network(self.normalise(x, length), length)  # type: ignore[no-any-return]

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        x = self.augment(self.normalise(batch.x, batch.length), batch.length)
        logits = self.network(x, batch.length)
        loss = cross_entropy(logits, batch.y, label_smoothing=self.label_smoothing)
        right = (logits.detach().argmax(-1) == batch.y).float().mean()
        numbers = {"train/loss": loss.detach(), "train/accuracy": right}
        self.log_dict(numbers, on_step=False, on_epoch=True, batch_size=len(batch))
        self.log("loss", loss.detach(), prog_bar=True, batch_size=len(batch))
        self.log("lr", self.optimizers().param_groups[0]["lr"], batch_size=len(batch))  # type: ignore[union-attr]
        return loss

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        logits = self(batch.x, batch.length)
        loss = cross_entropy(logits, batch.y, label_smoothing=self.label_smoothing)
        self.val_metrics.update(logits, batch.y)
        self.log("val/loss", loss, prog_bar=True, batch_size=len(batch))
        self.log_dict(self.val_metrics, prog_bar=True, batch_size=len(batch))

    def predict_step(self, batch: Batch, batch_idx: int) -> tuple[Tensor, Tensor]:
        """Rows of the table `(batch,)` and probabilities `(batch, class)` in float64."""
        logits = self(batch.x, batch.length)
        return batch.index.cpu(), torch.softmax(logits.double(), -1).cpu()

    def configure_optimizers(self) -> Any:
        thaws = self.unfreeze_at_epoch is not None
        groups = parameter_groups(
            self.network, self.frozen, thaws=thaws, thawed_scale=self.unfrozen_lr_mult
        )
        optimizer = scaled(self.make_optimizer, groups)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = self.make_scheduler(optimizer=optimizer, total_steps=steps)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def train(self, mode: bool = True) -> Classification:
        """Switch to training mode, except for what is frozen."""
        super().train(mode)
        for name in self.frozen:
            getattr(self.network, name).eval()
        return self

    def freeze_parts(self, names: tuple[str, ...]) -> None:
        """Freeze these parts of the network until they thaw."""
        self.frozen = names
        for name in names:
            set_frozen(getattr(self.network, name), True)

    def on_train_epoch_start(self) -> None:
        due = self.unfreeze_at_epoch
        if self.frozen and due is not None and self.current_epoch >= due:
            names, self.frozen = self.frozen, ()
            for name in names:
                set_frozen(getattr(self.network, name), False)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["tremor"] = self.card
