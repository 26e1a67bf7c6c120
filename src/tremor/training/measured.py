"""What a step costs, in bytes and seconds: measured on a few batches before a run is begun."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import lightning
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.optim import Optimizer

from tremor.config.build import Plain, build
from tremor.data.batch import Batch
from tremor.data.module import DataModule
from tremor.tasks.base import Task
from tremor.training.compiling import told_of_compiling

ENOUGH = 5.0  # seconds of training steps
MOST = 20  # training batches
VALIDATED = 4  # validation batches
WHOLE: Plain = {
    "max_steps": -1,
    "min_steps": None,
    "min_epochs": None,
    "max_time": None,
    "fast_dev_run": False,
    "overfit_batches": 0.0,
    "val_check_interval": 1.0,
    "check_val_every_n_epoch": 1,
    "num_sanity_val_steps": 0,
    "limit_val_batches": VALIDATED,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "profiler": None,
}
"""Trainer settings that would cut the few batches short, or speak of them."""
ALONE: Plain = {"devices": 1, "num_nodes": 1, "strategy": "auto"}
"""Trainer settings of one process on one device."""


@dataclass(frozen=True)
class Cost:
    """Bytes that training holds on its device, and seconds of a batch.

    `activations` is what the backward pass needs of one batch, with the batch itself; `peak` is the
    most that the GPU held, where there is one. Seconds are medians after the first batch.
    """

    weights: int
    gradients: int
    optimiser: int
    activations: int
    peak: int | None
    train_seconds: float
    val_seconds: float
    timed: int
    device: str

    @property
    def memory(self) -> int:
        """All of it [bytes]: measured on a GPU, added up elsewhere."""
        return self.peak or self.weights + self.gradients + self.optimiser + self.activations


class Meter(Callback):
    """Notes what the first batch saves for its backward pass, and when each batch ends."""

    def __init__(self) -> None:
        self.saved: dict[int, int] = {}
        self.train: list[float] = []
        self.val: list[float] = []
        self.own: set[int] = set()
        self.since = 0.0
        self.optimiser = 0

    def on_train_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        self.own = {_place(tensor) for tensor in held(pl_module)}
        self.hooks = saved_tensors_hooks(self._noted, lambda tensor: tensor)

    def on_train_epoch_start(self, trainer: lightning.Trainer, pl_module: Any) -> None:
        self.since = time.perf_counter()

    def on_train_batch_start(
        self, trainer: lightning.Trainer, pl_module: Any, batch: Batch, batch_idx: int
    ) -> None:
        if not self.train:
            self.saved[_place(batch.x)] = batch.x.untyped_storage().nbytes()
            self.hooks.__enter__()

    def on_train_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        if not self.train:
            self.hooks.__exit__()
        self._ended(self.train)
        self.optimiser = max(self.optimiser, size(states(trainer.optimizers)))
        if len(self.train) > 2 and sum(self.train[1:]) > ENOUGH:
            trainer.should_stop = True

    def on_validation_batch_start(self, trainer: lightning.Trainer, *_: Any) -> None:
        if not self.val:  # the loader has just been made
            self.since = time.perf_counter()

    def on_validation_batch_end(self, trainer: lightning.Trainer, *_: Any) -> None:
        self._ended(self.val)

    def _noted(self, tensor: Tensor) -> Tensor:
        if _place(tensor) not in self.own:
            self.saved[_place(tensor)] = tensor.untyped_storage().nbytes()
        return tensor.detach()

    def _ended(self, durations: list[float]) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        now = time.perf_counter()
        durations.append(now - self.since)
        self.since = now


def measure(config: Plain, task: Task, module: DataModule, callbacks: Sequence[Callback]) -> Cost:
    """Train on a few batches, validate on a few, and drop all of it; on one device."""
    meter, cuda = Meter(), torch.cuda.is_available()
    batches = max(1, min(MOST, len(module.train_dataloader())))
    few = WHOLE | {"limit_train_batches": batches, "max_epochs": -(-3 // batches)}
    few["accumulate_grad_batches"] = min(2, config["trainer"]["accumulate_grad_batches"])
    settings = config["trainer"] | few | ALONE
    if cuda:
        torch.cuda.init()
        torch.cuda.reset_peak_memory_stats()
    trainer = build(settings, callbacks=[*callbacks, meter], logger=False)
    with told_of_compiling():
        trainer.fit(task, module)
    on_gpu = trainer.strategy.root_device.type == "cuda"
    learning = [p for p in task.parameters() if p.requires_grad]
    return Cost(
        weights=size(held(task)),
        gradients=size(learning),
        optimiser=meter.optimiser,
        activations=sum(meter.saved.values()),
        peak=torch.cuda.max_memory_allocated() if on_gpu else None,
        train_seconds=_typical(meter.train),
        val_seconds=_typical(meter.val),
        timed=len(meter.train) - 1,
        device=str(trainer.strategy.root_device.type),
    )


def held(module: nn.Module) -> list[Tensor]:
    """Parameters and buffers of a module."""
    return [*module.parameters(), *module.buffers()]


def states(optimizers: Iterable[Optimizer]) -> list[Tensor]:
    """What optimisers remember of each parameter."""
    kept = (
        value for each in optimizers for state in each.state.values() for value in state.values()
    )
    return [value for value in kept if isinstance(value, Tensor)]


def size(tensors: Iterable[Tensor]) -> int:
    """Bytes of some tensors."""
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _place(tensor: Tensor) -> int:
    """Where a tensor's memory is: views of one another are one."""
    return tensor.untyped_storage().data_ptr()


def _typical(durations: list[float]) -> float:
    """The median without the first, which also allocates and compiles."""
    return statistics.median(durations[1:] or durations or [0.0])
