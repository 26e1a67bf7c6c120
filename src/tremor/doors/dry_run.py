"""`dry_run=true`: what a run would take, said by a run that is built, tried and dropped."""

from __future__ import annotations

import math
import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint, ProgressBar

from tremor.config.build import Plain
from tremor.data.module import DataModule
from tremor.doors.amounts import in_bytes, in_time
from tremor.doors.dry_sweep import leave_note
from tremor.doors.echo import say
from tremor.files import near
from tremor.tasks.base import Task
from tremor.training.measured import Cost, held, measure, size

KEY = "dry_run"
IDLE = (ModelCheckpoint, EarlyStopping, ProgressBar)
"""Callbacks that a few batches go without."""


def taken(config: Plain, raw: Plain) -> bool:
    """Whether a rehearsal is asked for; the key is taken away, for it is no part of a run."""
    raw.pop(KEY, None)
    return bool(config.pop(KEY, False))


@dataclass(frozen=True)
class Plan:
    """How long a run is: batches of an epoch in each process, optimiser steps, epochs at most."""

    train_batches: int
    val_batches: int
    steps_an_epoch: int
    epochs: float
    steps: float
    validations: float

    @classmethod
    def of(cls, trainer: Plain, module: DataModule) -> Plan:
        world = _processes(trainer)
        quick = int(trainer["fast_dev_run"])
        limits = {part: quick or trainer[f"limit_{part}_batches"] for part in ("train", "val")}
        if trainer["overfit_batches"]:
            limits = dict.fromkeys(limits, trainer["overfit_batches"])
        train = _limited(math.ceil(len(module.train_dataloader()) / world), limits["train"])
        val = _limited(len(module.val_dataloader()), limits["val"])
        each = math.ceil(train / trainer["accumulate_grad_batches"])
        epochs = 1.0 if quick else float(_endless(trainer["max_epochs"]))
        steps = min(each * epochs, float(_endless(trainer["max_steps"])))
        epochs = steps / each
        every = trainer["check_val_every_n_epoch"] or 1
        return cls(train, val, each, epochs, steps, epochs / every * _times(trainer, train))

    def seconds(self, cost: Cost) -> float:
        """How long training and validating takes at most [s]."""
        train = self.epochs * self.train_batches * cost.train_seconds
        return train + self.validations * self.val_batches * cost.val_seconds


def _processes(trainer: Plain) -> int:
    """How many processes share the records."""
    devices = trainer["devices"]
    if isinstance(devices, list):
        count = len(devices)
    elif str(devices).lstrip("-").isdigit() and int(devices) > 0:
        count = int(devices)
    else:
        count = max(1, torch.cuda.device_count())
    return count * int(trainer["num_nodes"])


def _limited(batches: int, limit: float) -> int:
    """So many batches, or a share of them; one at least."""
    return max(1, min(batches, limit) if isinstance(limit, int) else int(batches * limit))


def _endless(limit: int | None) -> float:
    """A limit of Lightning's, where null and -1 are none."""
    return math.inf if limit is None or limit < 0 else limit


def _times(trainer: Plain, batches: int) -> float:
    """Validations in an epoch."""
    interval = trainer["val_check_interval"]
    if isinstance(interval, float):
        return round(1 / interval)
    return batches / interval if isinstance(interval, int) else 1


def rehearse_run(
    config: Plain,
    task: Task,
    module: DataModule,
    callbacks: Sequence[Callback],
    folder: Path,
    overrides: Sequence[str],
) -> None:
    """Measure a few batches, say what the run would take and where it would be; leave nothing."""
    plan = Plan.of(config["trainer"], module)
    cost = measure(config, task, module, [c for c in callbacks if not isinstance(c, IDLE)])
    _say_memory(config, cost)
    _say_time(config, plan, cost, len(module.part("train")))
    _say_disk(config, callbacks, plan, size(held(task)), cost.optimiser, folder)
    leave_note(overrides, plan.steps, plan.seconds(cost), cost.memory)
    say("\ndry run: nothing was trained, and no folder was made; leave out dry_run=true to run it")


def _say_memory(config: Plain, cost: Cost) -> None:
    """Weights, gradients, optimiser and activations; which of it was measured, and how."""
    parts = ("weights", "gradients", "optimiser", "activations")
    said = ", ".join(f"{in_bytes(asdict(cost)[name])} {name}" for name in parts)
    batch = config["loader"]["batch_size"]
    room = _room(cost.device)
    say(f"memory   {in_bytes(cost.memory)} of {in_bytes(room)} for a batch of {batch}: {said}")
    if cost.peak:
        say("         the sum is the most that the GPU held in these steps")
    elif config["model"].get("gradient_checkpointing"):
        say("         and more: what gradient checkpointing keeps and makes again is not counted")
    if cost.memory > room:
        fewer = max(1, batch // 2)
        say(f"WARNING  this does not fit; dataset.batch_size={fewer} takes less")


def _room(device: str) -> int:
    """Memory of the device [bytes]."""
    if device == "cuda":
        return int(torch.cuda.get_device_properties(0).total_memory)
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _say_time(config: Plain, plan: Plan, cost: Cost, records: int) -> None:
    """Steps and seconds, in an epoch and in all."""
    trainer, batch = config["trainer"], config["loader"]["batch_size"]
    world, several = _processes(trainer), trainer["accumulate_grad_batches"]
    shared = f", shared by {world} processes" if world > 1 else ""
    joined = f", {several} batches a step" if several > 1 else ""
    early = ", or fewer where it stops early" if config["callbacks"].get("early_stopping") else ""
    if plan.epochs == math.inf:
        length = "no end: neither trainer.max_epochs nor max_steps is set"
    else:
        length = f"{plan.epochs:.3g} epochs, {plan.steps:,.0f} steps in all{early}"
    say(
        f"steps    {plan.steps_an_epoch:,} an epoch ({records:,} records in batches of {batch}"
        f"{shared}{joined}); {length}"
    )
    epoch = plan.train_batches * cost.train_seconds
    said = f"{in_time(cost.train_seconds)} a batch on {cost.device} (median of {cost.timed})"
    said += f", {in_time(cost.val_seconds)} a validation batch"
    total = "" if plan.epochs == math.inf else f"; {in_time(plan.seconds(cost))} in all"
    say(f"time     {said}: {in_time(epoch)} an epoch{total}, then judging and the report")
    thaws = config["train"].get("unfreeze_at_epoch")
    if thaws is not None:
        say(f"note     measured while frozen; a step takes more from epoch {thaws} on")
    if world > 1:
        say("note     measured in one process: what they wait for each other comes on top")


def _say_disk(
    config: Plain,
    callbacks: Sequence[Callback],
    plan: Plan,
    weights: int,
    optimiser: int,
    folder: Path,
) -> None:
    """The folder that a run would have, and what its checkpoints would take."""
    averaged = weights if config["callbacks"].get("ema") else 0
    count, total = 0.0, 0.0
    for saver in (c for c in callbacks if isinstance(c, ModelCheckpoint)):
        files = (plan.epochs if saver.save_top_k < 0 else saver.save_top_k) + bool(saver.save_last)
        count += files
        total += files * (weights if saver.save_weights_only else weights + averaged + optimiser)
    free = shutil.disk_usage(_there(folder)).free
    known = in_bytes(total) if total < math.inf else "without end"
    say(f"disk     {count:g} checkpoints, {known} ({in_bytes(free)} free)")
    if total > free:
        say("WARNING  the disk has less than that")
    say(f"folder   {near(folder)}")


def _there(folder: Path) -> Path:
    """The nearest folder above that exists."""
    return next(place for place in (folder, *folder.absolute().parents) if place.exists())
