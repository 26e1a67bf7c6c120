"""The training door: compose, check, build, fit, judge, report."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import lightning
import pandas as pd
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities.exceptions import MisconfigurationException
from matplotlib.figure import Figure
from omegaconf import DictConfig

from tremor.config.build import Plain, build
from tremor.config.rules import told
from tremor.data.labels import limits
from tremor.data.module import DataModule
from tremor.data.multilabel import refuse_untaught
from tremor.data.parts import refuse_untrained
from tremor.doors import meeting, processes
from tremor.doors.checking import Command, checked, command, retuned
from tremor.doors.data import Data, open_data
from tremor.doors.differences import tell_differences
from tremor.doors.dry_run import KEY, rehearse_run, taken
from tremor.doors.echo import counted, part_line, say, show_verdict
from tremor.doors.judging import fan_figure, judge_part, timeline_figure
from tremor.doors.mirrors import conclude, informed, mirrored, refuse_unsound, sweep_of
from tremor.doors.quiet import quieten
from tremor.doors.sweep_again import forget
from tremor.doors.sweep_job import unfinished
from tremor.doors.sweep_trial import pruned, pruning
from tremor.doors.taking_up import tell_place
from tremor.errors import STOPPED, Refused, TremorError
from tremor.files import near, write_json, write_whole
from tremor.report import plots
from tremor.report.page import write_page
from tremor.report.plots_sequence import pretraining_curves
from tremor.report.verdict_figures import figures_of
from tremor.tasks.base import Task
from tremor.training import checkpoints, run_folder, statistics
from tremor.training.allocator import keep_memory
from tremor.training.assemble import assemble, restore
from tremor.training.callbacks import Steps
from tremor.training.compiling import compile_model, refuse_uncompilable
from tremor.training.mirrors import About, Findings
from tremor.training.pretrained import (
    anchor,
    freeze,
    refuse_misfits,
    take_pretrained,
    take_published,
)
from tremor.training.resumed import went_on
from tremor.training.trial import try_build, try_out

FINE_TUNING = "experiment=fore_aftershock/finetune_xlstm_unet"
DATA_AND_MODEL = ("dataset", "encoder", "model", "decoder", "task", "seed", "train", "optimizer")


@dataclass
class Run:
    """One execution: its tree, its folder, and the checkpoint that it goes on from, if any."""

    config: Plain
    raw: Plain
    overrides: list[str]
    choices: dict[str, str]
    folder: Path
    resumed: Path | None = None
    changed: bool = False
    space: str = ""
    dry: bool = False


def train(composed: DictConfig) -> None:
    """Train, judge on the test part, report; everything lands in one run folder."""
    began = time.monotonic()
    quieten()
    typed = command()
    if cut_off := unfinished(typed.folder):
        run, data = _resumed(cut_off, replace(typed, overrides=[]))
    elif composed.get("resume"):
        run, data = _resumed(str(composed["resume"]), typed)
    else:
        run, data = _begun(composed, typed)
    task = _task(run, data)
    if processes.first():
        _describe(run, data, task)
    if run.dry:
        if processes.first():
            each = _callbacks(run)
            rehearse_run(run.config, task, data.module, each, run.folder, run.overrides)
        return
    with mirrored(_about(run, task.card["provenance"])) as mirrors:
        with processes.told_of(run.folder):
            steps = _fit(run, data, task, mirrors)
        if not processes.first():
            return
        if said := pruned(run.folder):
            say(said)
            return
        _conclude(run, data, task, mirrors, steps)
    _farewell(run, time.monotonic() - began)


def _begun(composed: DictConfig, typed: Command) -> tuple[Run, Data]:
    """A new run: its folder is claimed once tree and data are sound."""
    config, raw = checked(composed)
    dry = taken(config, raw)
    forget(config, raw)
    tell_differences(composed, typed.choices)
    refuse_uncompilable(config)
    try_build(config)
    refuse_misfits(config)
    refuse_unsound(config, typed.choices)
    rehearse(config)
    folder = None if dry else processes.given_folder()
    data = open_data(config)
    refuse_untrained(data.parts)
    refuse_untaught(data.labelled, data.parts)
    try_out(config, data.facts)
    stamp = datetime.now().strftime("%Y-%m-%d__%H_%M_%S")
    wanted = Path(config["output_dir"]).expanduser() / config["experiment_name"] / stamp
    if dry:
        return Run(config, raw, typed.overrides, typed.choices, wanted, dry=True), data
    if folder is None:
        folder = run_folder.claim(typed.folder or wanted)
        meeting.tell(folder)
    return Run(config, raw, typed.overrides, typed.choices, folder), data


def rehearse(config: Plain) -> None:
    """Build the Trainer once without a run, so that values it refuses are refused early."""
    try:
        trainer = build(config["trainer"] | {"enable_checkpointing": False}, logger=False)
    except (ValueError, TypeError, RuntimeError, MisconfigurationException) as error:
        raise Refused(f"the trainer refuses its settings: {error}", "trainer.*") from error
    processes.refuse_other_count(trainer.num_devices, trainer.num_nodes)


def _resumed(place: str, typed: Command) -> tuple[Run, Data]:
    """A run that goes on in its own folder, from its latest checkpoint."""
    folder = Path(place).expanduser().resolve()
    last = checkpoints.find(str(folder / "checkpoints" / "last.ckpt"))
    content = checkpoints.load(last)
    card = content["tremor"]
    ours = [o for o in typed.overrides if not o.startswith("resume=")]
    config, raw, changed = retuned(card["tree"], ours)
    dry = taken(config, raw)
    changed = [key for key in changed if key != KEY]
    for key in changed:
        say(f"changed  {key}")
    refused = [key for key in changed if key.partition(".")[0] in DATA_AND_MODEL]
    if refused:
        fault = f"a resumed run keeps its data, model and optimiser; these would change: {refused}"
        raise Refused(fault, str(last), "start a new run, or leave these overrides out")
    if "ema" in content and not config["callbacks"].get("ema"):
        fault = "this run's weights are averaged, and would learn on from their average"
        raise Refused(fault, "callbacks.ema", "leave callbacks.ema as it was")
    rehearse(config)
    data = open_data(config)
    if data.records.fingerprint != card["provenance"]["data_fingerprint"]:
        raise Refused("the data have changed since this run began", str(folder), "start a new run")
    tell_place(content, last)
    overrides = card["overrides"] + ours if changed else card["overrides"]
    return Run(config, raw, overrides, card["choices"], folder, last, bool(changed), dry=dry), data


def _task(run: Run, data: Data) -> Task:
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


def _describe(run: Run, data: Data, task: Task) -> None:
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


def _about(run: Run, provenance: Plain) -> About:
    """What a logger or callback may ask of the run."""
    resumed = run.resumed is not None
    return About(run.folder, run.config, run.choices, say, provenance, sweep_of(), resumed)


def _callbacks(run: Run) -> list[Callback]:
    """The callbacks, each with those facts of the run that it asks for."""
    about, nodes = _about(run, {}), run.config["callbacks"].values()
    return [informed(node, about) for node in nodes if node]


def _fit(run: Run, data: Data, task: Task, mirrors: list[Logger]) -> int:
    """Fit, from the start or from where the run stopped; returns the number of steps."""
    callbacks = [*_callbacks(run), *pruning(run.config, run.folder)]
    steps = Steps()
    settings = dict(run.config["trainer"])
    if not any(isinstance(callback, ModelCheckpoint) for callback in callbacks):
        settings["enable_checkpointing"] = False  # or Lightning adds one of its own
    given: Any = {"logger": mirrors, "default_root_dir": str(run.folder)}
    trainer = build(settings, callbacks=[*callbacks, steps], **given)
    start = str(run.resumed) if run.resumed else None
    say(f"batch    {processes.batch_line(trainer, data.module.batch_size)}")
    _at_least_one_batch(trainer, data.module)
    try:
        trainer.fit(task, data.module, ckpt_path=start, weights_only=True)
    except SystemExit as end:  # Lightning's answer to Ctrl-C
        kept = (run.folder / "checkpoints" / "last.ckpt").exists()
        onward = f"resume={near(run.folder)} goes on from its latest checkpoint"
        remedy = onward if kept else "no epoch was finished: start again"
        raise TremorError("stopped", str(run.folder), remedy, code=STOPPED) from end
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


def _conclude(run: Run, data: Data, task: Task, mirrors: list[Logger], steps: int) -> None:
    """Judge the best weights on the test part, draw, report."""
    kept = run.folder / "checkpoints" / "best.ckpt"
    if kept.exists():
        task = restore(run.config, checkpoints.load(kept))
    else:
        say("weights  no best.ckpt was kept: the last weights are judged")
    run.space = "" if "frequency" in task.network.coordinates() else " explainer.space=signal"
    verdict = judge_part(task, data, "test", run.config, run.folder / "evaluation")
    show_verdict(verdict)
    summary = {"steps": steps, "judged": kept.name if kept.exists() else "last weights"}
    write_json(run.folder / "summary.json", summary | {"metrics": verdict["metrics"]})
    figures = run_figures(run.folder, run.config, data, verdict)
    conclude(mirrors, Findings(steps, verdict, figures, run.folder))
    write_page(run.folder, figures)


def run_figures(
    folder: Path, config: Plain, data: Data, verdict: dict[str, Any]
) -> dict[str, Figure]:
    """Every figure of a run's report by its name."""
    figures = figures_of(verdict)
    if (folder / "metrics.csv").exists():
        metrics = pd.read_csv(folder / "metrics.csv")
        watched = config["train"]
        curves = plots.learning_curves(metrics, watched["monitor"], watched["mode"])
        figures = {"learning_curves": curves} | figures
        if "codebook" in verdict:
            figures["pretraining_curves"] = pretraining_curves(metrics)
    if data.labelled.ordered:
        figures["timeline"] = timeline_figure(data, config)
    if len(data.labelled.classes) > 1:
        unit = verdict.get("unit", "event")
        figures["class_balance"] = plots.class_balance(data.audit["balance"], unit)
    return figures | {"fan_chart": fan_figure(data, config)}


def _farewell(run: Run, seconds: float) -> None:
    """Where everything is, and what to try next."""
    place = near(run.folder)
    say(f"\ndone in {seconds:.0f} s; everything is in {place}")
    say(f"  report      {place}/report.html")
    for kept in sorted((run.folder / "checkpoints").glob("*.ckpt")):
        say(f"  weights     {place}/checkpoints/{kept.name}")
    say("next:")
    say(f"  python evaluate.py checkpoint={place} split=val")
    tells = told(run.config["task"])
    decides = tells != "none"
    if decides:
        classes = run.config["dataset"]["classes"] if tells == "labels" else ()
        target = next((f" target={shlex.quote(name)}" for name in classes), "")
        say(f"  python explain.py checkpoint={place}{target}{run.space}")
    if run.choices["dataset"] == "stations":
        say(f"  python scripts/stations.py table {near(run.folder.parent)}")
    again = ["python", "simple_train.py", *run.overrides, "-m", "seed=1,2,3"]
    parts = [f"{group}={run.choices[group]}" for group in ("encoder", "model")]
    tuning = FINE_TUNING + "_tiny" * run.choices["dataset"].startswith("synthetic")
    onward = ["python", "simple_train.py", tuning, *parts, f"model.pretrained={place}"]
    say(f"  {shlex.join(again if decides else onward)}")
