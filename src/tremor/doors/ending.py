"""A run ends: its best weights are judged, drawn and told of."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import pandas as pd
from lightning.pytorch.loggers import Logger
from matplotlib.figure import Figure

from tremor.config.build import Plain
from tremor.config.outside import own_folder
from tremor.config.rules_task import told
from tremor.doors.data import Data
from tremor.doors.echo import say, show_verdict
from tremor.doors.judging import fan_figure, judge_part, timeline_figure
from tremor.doors.mirrors import conclude
from tremor.doors.run import Run
from tremor.files import near, readable, write_json
from tremor.report import plots
from tremor.report.page import write_page
from tremor.report.plots_pretraining import pretraining_curves
from tremor.report.verdict_figures import figures_of
from tremor.tasks.base import Task
from tremor.training import checkpoints
from tremor.training.assemble import restore
from tremor.training.mirrors import Findings

FINE_TUNING = "experiment=fore_aftershock/finetune_xlstm_unet"


def conclude_run(run: Run, data: Data, task: Task, mirrors: list[Logger], steps: int) -> None:
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
        with readable(folder / "metrics.csv", "delete it: the page then has no curves"):
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


def farewell(run: Run, seconds: float) -> None:
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
    folder = own_folder(sys.argv[1:])
    again = ["python", "simple_train.py", *folder, *_to_sweep(run.overrides), "-m", "seed=1,2,3"]
    parts = [f"{group}={run.choices[group]}" for group in ("encoder", "model")]
    tuning = FINE_TUNING + "_tiny" * run.choices["dataset"].startswith("synthetic")
    onward = ["python", "simple_train.py", *folder, tuning, *parts, f"model.pretrained={place}"]
    say(f"  {shlex.join(again if decides else onward)}")


def _to_sweep(overrides: list[str]) -> list[str]:
    """A run's overrides as a sweep over seeds takes them."""
    spawned = {"trainer.strategy=ddp": "trainer.strategy=ddp_spawn"}
    return [spawned.get(word, word) for word in overrides if not word.startswith("seed=")]
