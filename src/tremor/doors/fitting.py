"""The network of a run: built, described, fitted."""

from __future__ import annotations

from typing import Any

import lightning
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import Logger

from tremor.config.build import build
from tremor.data.labels import limits
from tremor.data.module import DataModule
from tremor.doors import processes
from tremor.doors.data import Data
from tremor.doors.echo import counted, part_line, say
from tremor.doors.run import Run, callbacks_of
from tremor.doors.sweep_trial import pruning
from tremor.files import write_json, write_whole
from tremor.tasks.base import Task
from tremor.training import checkpoints, run_folder, statistics
from tremor.training.allocator import keep_memory
from tremor.training.assemble import assemble
from tremor.training.callbacks import Steps
from tremor.training.compiling import compile_model, told_of_compiling
from tremor.training.pretrained import anchor, freeze, take_pretrained, take_published
from tremor.training.resumed import went_on
from tremor.training.stopping import StopTogether, stopped
from tremor.training.whole_checkpoints import keep_whole


def task_of(run: Run, data: Data) -> Task:
    """The task with its initial weights and the card that its checkpoints carry."""
    lightning.seed_everything(run.config["seed"], verbose=False)
    task = assemble(run.config, data.facts)
    if run.resumed is None:
        found = [*take_published(task), *take_pretrained(task, run.config)]
        for line in found or ["random: no model.pretrained is given"]:
            say(f"weights  {line}")
        statistics.learn_statistics(task, data.module, run.config)
    freeze(task, run.config)
    anchor(task, run.config)
    compile_model(task, run.config)
    said = run_folder.command_line(run.overrides)
    task.card = {
        "format": checkpoints.FORMAT,
        "config": run.config,
        "tree": run.raw,
        "overrides": run.overrides,
        "choices": run.choices,
        "facts": data.facts.plain(),
        "provenance": run_folder.provenance(
            said, run.config["seed"], data.records.fingerprint, keep_memory(), mlstm_of(task)
        ),
    }
    return task


def mlstm_of(task: Task) -> str | None:
    """The way in which the model's mLSTM memories are computed, if it has any."""
    return getattr(task.network.model, "mlstm_backend", None)


def describe(run: Run, data: Data, task: Task) -> None:
    """Say what is about to run, and write it down."""
    network, facts = task.network, data.facts
    say(
        f"input    {facts.channels} channels x {facts.length} samples at {facts.sampling_rate:g} Hz"
    )
    for name, part in network.named_children():
        shape = getattr(part, "out_shape", (len(facts.outputs),))
        say(f"{name:<8} {part_line(part, shape)}")
    say(f"network  {counted(network)}")
    if way := mlstm_of(task):
        say(f"mlstm    {way}")
    if run.dry:
        return
    say(f"run      {run.folder}")
    if run.resumed is None or run.changed:
        run_folder.describe(run.folder, run.config, run.overrides, task.card["provenance"])
    if run.resumed is not None:
        went_on(run.folder)
    else:
        write_json(run.folder / "audit.json", data.audit)
        if data.labelled.ordered:
            write_json(run.folder / "classes.json", limits(data.labelled))
        if stats := statistics.told(task, data.records.channels):
            write_json(run.folder / "stats.json", stats)
        write_whole(run.folder / "split.csv", data.split_table().to_csv(index=False))


def fit(run: Run, data: Data, task: Task, mirrors: list[Logger]) -> int:
    """Fit, from the start or from where the run stopped; returns the number of steps."""
    callbacks = [*callbacks_of(run), *pruning(run.config, run.folder)]
    steps = Steps()
    settings = dict(run.config["trainer"])
    if not any(isinstance(callback, ModelCheckpoint) for callback in callbacks):
        settings["enable_checkpointing"] = False  # or Lightning adds one of its own
    given: Any = {"logger": mirrors, "default_root_dir": str(run.folder)}
    trainer = build(settings, callbacks=[*callbacks, steps, StopTogether(run.folder)], **given)
    keep_whole(trainer)
    start = str(run.resumed) if run.resumed else None
    say(f"batch    {processes.batch_line(trainer, data.module.batch_size)}")
    _at_least_one_batch(trainer, data.module)
    try:
        with told_of_compiling():
            trainer.fit(task, data.module, ckpt_path=start, weights_only=True)
    except SystemExit as end:  # Lightning's answer to Ctrl-C
        raise stopped(run.folder) from end
    if not steps.left:
        say("fit      nothing was left to train: a larger trainer.max_epochs goes on")
    return int(steps.done)


def _at_least_one_batch(trainer: lightning.Trainer, module: DataModule) -> None:
    """A share of the batches that would be none of them (Lightning refuses it) becomes one."""
    batches = {
        "train": len(module.train_dataloader()) // trainer.world_size,
        "val": len(module.val_dataloader()),
    }
    for part, count in batches.items():
        key = f"limit_{part}_batches"
        share = getattr(trainer, key)
        if isinstance(share, float) and 0 < share * count < 1:
            say(f"limit    {key}={share:g} of {count} batches: one is taken")
            setattr(trainer, key, 1)
