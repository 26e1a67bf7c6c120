"""One label of several: cross-entropy, and the metrics that a constant answer does not flatter."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torchmetrics import MetricCollection
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from tremor.data.batch import Batch
from tremor.network.demands import not_below
from tremor.network.network import Network
from tremor.tasks.base import Task, Transform
from tremor.tasks.optimisation import Groups


class Classification(Task):
    """Normalise, augment while training, classify."""

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
        l2_to_pretrained: float = 0.0,
    ):
        thaw = (unfreeze_at_epoch, unfrozen_lr_mult, l2_to_pretrained)
        super().__init__(network, normalise, augment, optimizer, scheduler, *thaw)
        not_below("dataset", 2, num_classes=num_classes)
        self.label_smoothing = label_smoothing
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
        logits = self.network(self.prepared(batch), batch.length)
        loss = cross_entropy(logits, batch.y, label_smoothing=self.label_smoothing)
        right = (logits.detach().argmax(-1) == batch.y).float().mean()
        self.log_step({"loss": loss.detach(), "accuracy": right}, batch)
        return self.pulled(loss)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        logits = self(batch.x, batch.length)
        loss = cross_entropy(logits, batch.y, label_smoothing=self.label_smoothing)
        self.val_metrics.update(logits, batch.y)
        self.log("val/loss", loss, prog_bar=True, batch_size=len(batch), sync_dist=True)
        self.log_dict(self.val_metrics, prog_bar=True, batch_size=len(batch))

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Rows of the table, predicted classes, and probabilities `(batch, class)` in float64."""
        chances = torch.softmax(self(batch.x, batch.length).double(), -1)
        found = {"index": batch.index, "predicted": chances.argmax(-1), "p": chances}
        return {name: values.cpu() for name, values in found.items()}
