"""Several questions about each record at once, each with its own classes and loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from tremor.data.batch import Batch
from tremor.errors import Refused
from tremor.network.decoders.heads import sizes_of
from tremor.network.demands import not_below
from tremor.network.network import Network
from tremor.signal.mixing import Mixing
from tremor.tasks.base import Task, Transform
from tremor.tasks.class_weights import KEY, ClassWeights
from tremor.tasks.head_scores import HeadScores
from tremor.tasks.losses import Weighing, focal_cross_entropy
from tremor.tasks.optimisation import Groups
from tremor.tasks.targets import Targets, weighed


class Multitask(Task):
    """Labels `(batch, head)`, -1 where unknown; logits of all heads in one tensor, in their order.

    While training, the encoder's features are masked and mixed, the labels with them; the loss is
    the weighed sum of the heads' (focal, class-weighted) cross-entropies against soft labels.
    Validation takes records and labels as they are, and plain cross-entropy.
    """

    def __init__(
        self,
        network: Network,
        normalise: Transform,
        augment: nn.Module,
        optimizer: Callable[[Groups], Optimizer],
        scheduler: Callable[..., LRScheduler],
        heads: dict[str, list[str]],
        weights: dict[str, float] | None = None,
        uncertainty: bool = False,
        focal_gamma: float = 0.0,
        class_weights: Literal["none", "balanced"] | dict[str, list[float]] = "none",
        class_weight_power: float = 1.0,
        circular: dict[str, float] | None = None,
        label_smoothing: float = 0.0,
        masks: nn.Module | None = None,
        mix: Mixing | None = None,
        unfreeze_at_epoch: int | None = None,
        unfrozen_lr_mult: float = 1.0,
        l2_to_pretrained: float = 0.0,
    ):
        thaw = (unfreeze_at_epoch, unfrozen_lr_mult, l2_to_pretrained)
        super().__init__(network, normalise, augment, optimizer, scheduler, *thaw)
        self.heads, self.sizes = tuple(heads), sizes_of(heads)
        refuse_other_logits(network, sum(self.sizes))
        not_below("task", 0, focal_gamma=focal_gamma, class_weight_power=class_weight_power)
        self.focal_gamma = focal_gamma
        self.weighing = Weighing(self.heads, weights or {}, uncertainty)
        self.class_weights = ClassWeights(heads, class_weights, class_weight_power)
        self.soft, self.hard = Targets(heads, circular, label_smoothing), Targets(heads)
        self.masks, self.mix = masks, mix
        self.scores = HeadScores(heads)

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        """Logits `(batch, classes of all heads)` of raw waveforms `(batch, channel, time)`."""
        return self.network(self.normalise(x, length), length)  # type: ignore[no-any-return]

    def on_fit_start(self) -> None:
        """Count the training labels, where the weights of the classes are to balance them."""
        if self.class_weights.balanced:
            self.learn_labels(training_labels(getattr(self.trainer, "datamodule", None)))

    def learn_labels(self, y: Tensor) -> None:
        """What is learned of all training labels `(record, head)` before the first step."""
        self.class_weights.learn(by_head(y).cpu())

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        logits, targets, counted = self._trained(batch)
        each = zip(logits, targets, counted, strict=True)
        losses = torch.stack([focal_cross_entropy(*one, self.focal_gamma) for one in each])
        known = torch.stack([target.sum() > 0 for target in targets])
        loss = self.weighing(losses, known)
        numbers = {f"{head}_loss": own for head, own in zip(self.heads, losses, strict=True)}
        if (learnt := self.weighing.log_variance) is not None:
            named = zip(self.heads, learnt, strict=True)
            numbers |= {f"{head}_log_variance": own for head, own in named}
        detached = {name: value.detach() for name, value in {"loss": loss, **numbers}.items()}
        self.log_step(detached, batch)
        return self.pulled(loss)

    def _trained(self, batch: Batch) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Logits and soft labels `(batch, class)` of each head, after masking and mixing.

        The labels come as they are, and times the weights of their records' classes.
        """
        network, y = self.network, by_head(batch.y)
        targets = self.soft(y)
        counted = weighed(targets, y, self.class_weights())
        features, steps = network.encoder(self.prepared(batch), batch.length)
        if self.masks is not None:
            features = self.masks(features, steps)
        if self.mix is not None:
            mixed = self.mix(features, steps)
            features = mixed.x
            targets, counted = ([mixed.of(own) for own in each] for each in (targets, counted))
        features, steps = network.model(features, steps)
        return self._split(network.decoder(features, steps)), targets, counted

    def rehearse(self, batch: Batch) -> None:
        """Masks must fit what the encoder gives."""
        if self.masks is not None:
            features, steps = self.network.encoder(self.prepared(batch), batch.length)
            self.masks.train()(features, steps)

    def _split(self, logits: Tensor) -> list[Tensor]:
        return list(logits.split(self.sizes, -1))

    def decided(self, logits: Tensor) -> Tensor:
        """Classes `(batch, head)`: what the decoder decides, or else the likeliest of each head."""
        if hasattr(self.network.decoder, "decide"):
            return self.network.decoder.decide(logits)  # type: ignore[no-any-return]
        return torch.stack([own.argmax(-1) for own in self._split(logits)], -1)

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        logits, y = self(batch.x, batch.length), by_head(batch.y)
        each = zip(self._split(logits), self.hard(y), strict=True)
        losses = torch.stack([focal_cross_entropy(said, target) for said, target in each])
        self.scores.update(self.decided(logits), losses, y)

    def on_validation_epoch_end(self) -> None:
        losses, found = self.scores.taken()
        shown = {"loss": (self.weighing.weights * losses).nansum()}
        shown["balanced_accuracy"] = found.pop("balanced_accuracy")
        for numbers, bar in ((shown, True), (found, False)):
            self.log_dict({f"val/{name}": n for name, n in numbers.items()}, prog_bar=bar)

    def predict_step(self, batch: Batch, batch_idx: int) -> dict[str, Tensor]:
        """Rows of the table; of each head the class decided for, and probabilities in float64.

        `predicted` is that of the first head.
        """
        logits = self(batch.x, batch.length)
        decided = self.decided(logits).unbind(1)
        found = {"index": batch.index, "predicted": decided[0]}
        for head, own, said in zip(self.heads, decided, self._split(logits), strict=True):
            found |= {f"predicted_{head}": own, f"p_{head}": torch.softmax(said.double(), -1)}
        return {name: values.cpu() for name, values in found.items()}


def by_head(y: Tensor) -> Tensor:
    """Labels `(record, head)` or `(record, class)`, of one alone too, which come as `(record,)`."""
    return y[:, None] if y.ndim == 1 else y


def training_labels(module: object, key: str = KEY) -> Tensor:
    """Labels of all training records, from the data module of a fit; `key` is what needs them."""
    part = getattr(module, "part", None)
    if part is None:
        raise Refused("there is no data module whose training labels count", key, f"{key}=none")
    train = part("train")
    return torch.from_numpy(train.labels[train.positions])


def refuse_other_logits(network: Network, classes: int) -> None:
    """The decoder must give one number for each class of each head."""
    given = getattr(network.decoder, "out_shape", None)
    if given != (classes,):
        fault = f"task=multitask needs a decoder that gives {classes} logits, all heads' classes"
        raise Refused(fault, "decoder", "decoder=multitask or decoder=hierarchical")
