"""Several classes that a record may have at once: each a question of yes or no by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from tremor.data.batch import Batch
from tremor.network.demands import not_below, share
from tremor.network.network import Network
from tremor.tasks.base import Task, Transform
from tremor.tasks.label_scores import Seen, scores_of
from tremor.tasks.losses import focal_binary_cross_entropy
from tremor.tasks.multitask import by_head, training_labels
from tremor.tasks.optimisation import Groups
from tremor.tasks.positive_weights import KEY, PositiveWeights
from tremor.tasks.thresholds import UNKNOWN, best_thresholds


class Multilabel(Task):
    """Labels `(batch, class)` of 1, 0 and -1 (unknown, no part in anything); a logit for each.

    `classes` names them with their codes, of which only the names count here. The record has a
    class from the probability `thresholds (class,)` on: after each validation they are those of
    the best F1 there, and checkpoints hold them. Validation's loss is plain cross-entropy.
    """

    def __init__(
        self,
        network: Network,
        normalise: Transform,
        augment: nn.Module,
        optimizer: Callable[[Groups], Optimizer],
        scheduler: Callable[..., LRScheduler],
        classes: dict[str, list[int | str]],
        focal_gamma: float = 0.0,
        positive_weights: Literal["none", "balanced"] | dict[str, float] = "none",
        label_smoothing: float = 0.0,
        unfreeze_at_epoch: int | None = None,
        unfrozen_lr_mult: float = 1.0,
        l2_to_pretrained: float = 0.0,
    ):
        thaw = (unfreeze_at_epoch, unfrozen_lr_mult, l2_to_pretrained)
        super().__init__(network, normalise, augment, optimizer, scheduler, *thaw)
        not_below("task", 0, focal_gamma=focal_gamma)
        share("train.label_smoothing", label_smoothing)
        self.classes = tuple(classes)
        self.focal_gamma, self.label_smoothing = focal_gamma, label_smoothing
        self.positive = PositiveWeights(self.classes, positive_weights)
        self.seen = Seen()
        self.thresholds: Tensor
        even = torch.full((len(self.classes),), UNKNOWN, dtype=torch.float64)
        self.register_buffer("thresholds", even)

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        """Logits `(batch, class)` of raw waveforms `(batch, channel, time)`."""
        return self.network(self.normalise(x, length), length)  # type: ignore[no-any-return]

    def on_fit_start(self) -> None:
        """Count the training labels, where they are to be balanced."""
        if self.positive.balanced:
            y = training_labels(getattr(self.trainer, "datamodule", None), KEY)
            self.positive.learn(by_head(y))

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        logits = self.network(self.prepared(batch), batch.length)
        settings = (self.positive(), self.focal_gamma, self.label_smoothing)
        loss = focal_binary_cross_entropy(logits, by_head(batch.y), *settings)
        self.log_step({"loss": loss.detach()}, batch)
        return self.pulled(loss)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self.seen.update(self(batch.x, batch.length), by_head(batch.y))

    def on_validation_epoch_end(self) -> None:
        """Choose the thresholds, and say how good the answers are with them."""
        logits, y = (of.cpu() for of in self.seen.compute())
        self.seen.reset()
        self.thresholds.copy_(best_thresholds(logits.double().sigmoid(), y))
        found = scores_of(logits, self.decided(logits), y)
        self.log_dict({f"val/{name}": value for name, value in found.items()}, prog_bar=True)

    def decided(self, logits: Tensor) -> Tensor:
        """Which classes each record has `(batch, class)`: 1 from their thresholds on, else 0."""
        return (logits.double().sigmoid() >= self.thresholds.to(logits.device)).long()

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Rows of the table; of each class whether the record has it, and its probability."""
        logits = self(batch.x, batch.length)
        found = {"index": batch.index, "predicted": self.decided(logits)}
        found |= {"p": logits.double().sigmoid()}
        return {name: values.cpu() for name, values in found.items()}

    def findings(self) -> dict[str, Any]:
        """The thresholds that its answers are given by."""
        return {"thresholds": dict(zip(self.classes, self.thresholds.tolist(), strict=True))}
