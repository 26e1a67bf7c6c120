"""What every task shares: normalising, freezing and thawing, optimising, the checkpoint's card."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import lightning
from lightning.pytorch.strategies import DDPStrategy, Strategy
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from tremor.data.batch import Batch
from tremor.network.network import Network
from tremor.tasks.averages import Averages
from tremor.tasks.optimisation import Anchor, Groups, parameter_groups, scaled, set_frozen

Transform = Callable[[Tensor, Tensor], Tensor]


class Task(lightning.LightningModule):
    """A network with its optimisation; what it learns is said by those that inherit.

    `card` is what a checkpoint says of itself (config, facts, provenance): plain types only.
    """

    def __init__(
        self,
        network: Network,
        normalise: Transform,
        augment: nn.Module,
        optimizer: Callable[[Groups], Optimizer],
        scheduler: Callable[..., LRScheduler],
        unfreeze_at_epoch: int | None = None,
        unfrozen_lr_mult: float = 1.0,
        l2_to_pretrained: float = 0.0,
    ):
        super().__init__()
        self.network, self.normalise, self.augment = network, normalise, augment
        self.make_optimizer, self.make_scheduler = optimizer, scheduler
        self.unfreeze_at_epoch, self.unfrozen_lr_mult = unfreeze_at_epoch, unfrozen_lr_mult
        self.l2_to_pretrained = l2_to_pretrained
        self.anchor: Anchor | None = None
        self.frozen: tuple[str, ...] = ()
        self.card: dict[str, Any] = {}
        self.averages, self.told = Averages(), 0
        self.loss: Tensor | float = 0.0
        self.rate = 0.0

    def prepared(self, batch: Batch) -> Tensor:
        """Normalised waveforms `(batch, channel, time)`, changed at random while training."""
        x = self.normalise(batch.x, batch.length)
        changed: Tensor = self.augment(x, batch.length) if self.training else x
        return changed

    def pulled(self, loss: Tensor) -> Tensor:
        """The loss, and the pull toward the pretrained weights where one is asked for."""
        if self.anchor is None:
            return loss
        pull: Tensor = self.anchor(self.network)
        return loss + self.l2_to_pretrained * pull

    def rehearse(self, batch: Batch) -> None:
        """What only training does to a batch, tried before it begins; what cannot be is refused."""

    def log_step(self, numbers: Mapping[str, Tensor | float], batch: Batch) -> None:
        """Numbers of a training step: their means over the epoch are told at its end."""
        self.averages.add(numbers, len(batch))
        self.loss, self.rate = numbers["loss"], self._rate()

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        """Loss and rate as they go, each time that enough steps were made."""
        steps, every = self.trainer.global_step, self.trainer.log_every_n_steps
        if not every or steps % every or steps == self.told:
            return
        self.told = steps
        row = {"loss": float(self.loss), "lr": self.rate, "epoch": self.current_epoch}
        for logger in self.trainer.loggers:
            logger.log_metrics(row, steps - 1)

    def on_train_epoch_end(self) -> None:
        means, count = self.averages.taken()
        said = {f"train/{name}": value for name, value in means.items()}
        self.log_dict(said, batch_size=count, sync_dist=True)

    def _rate(self) -> float:
        """The learning rate now, of a group that takes it whole: thawed parts take a multiple."""
        groups = self.optimizers().param_groups  # type: ignore[union-attr]
        return float(max(groups, key=lambda group: group["scale"] == 1)["lr"])

    def counted(self) -> Tensor | None:
        """What this process counted while it predicted its share of the records, if anything."""
        return None

    def recount(self, counted: Sequence[Tensor | None]) -> None:
        """Take what all processes counted."""

    def findings(self) -> dict[str, Any]:
        """What a verdict is to tell of the network beside its predictions: sections by name."""
        return {}

    def parts(self) -> dict[str, nn.Module]:
        """Everything that learns, by name: the network's parts, and the task's own."""
        own = {name: part for name, part in self.named_children() if name != "network"}
        learning = {
            name: part for name, part in own.items() if any(True for _ in part.parameters())
        }
        return dict(self.network.named_children()) | learning

    def configure_optimizers(self) -> Any:
        thaws = self.unfreeze_at_epoch is not None
        groups = parameter_groups(
            self.parts(), self.frozen, thaws=thaws, thawed_scale=self.unfrozen_lr_mult
        )
        optimizer = scaled(self.make_optimizer, groups)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = self.make_scheduler(optimizer=optimizer, total_steps=steps)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": schedule, "interval": "step"},
        }

    def train(self, mode: bool = True) -> Task:
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

    def on_train_start(self) -> None:
        """A run that resumes within an epoch does not begin that anew: it thaws now, if due."""
        self.told = self.trainer.global_step
        self.on_train_epoch_start()

    def on_train_epoch_start(self) -> None:
        due = self.unfreeze_at_epoch
        if self.frozen and due is not None and self.current_epoch >= due:
            names, self.frozen = self.frozen, ()
            for name in names:
                set_frozen(getattr(self.network, name), False)
            wrap_anew(self.trainer.strategy)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["tremor"] = self.card
        checkpoint["averages"] = self.averages.state()

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Within an epoch, its means go on from what was seen of it."""
        self.averages = Averages(**checkpoint.get("averages", {}))


def wrap_anew(strategy: Strategy) -> None:
    """DDP averages between processes what could learn when it was wrapped: now more can."""
    if isinstance(strategy, DDPStrategy) and isinstance(strategy.model, DistributedDataParallel):
        strategy.model = strategy._setup_model(strategy.model.module)
