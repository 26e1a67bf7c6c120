"""The judging door: a checkpoint is all it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from omegaconf import DictConfig, OmegaConf

from tremor.config.roots import EvaluateRoot
from tremor.doors.checking import asked
from tremor.doors.echo import say, show_verdict
from tremor.doors.ending import run_figures
from tremor.doors.evaluated import JUDGED, Judged
from tremor.doors.judging import judge_part
from tremor.doors.opened import OpenedRun, open_run
from tremor.doors.quiet import quieten
from tremor.doors.retold import mirrors_of, tell_verdict
from tremor.doors.sharing import deciding, shared
from tremor.files import digest, near, write_whole
from tremor.report.page import write_page
from tremor.training import checkpoints
from tremor.training.allocator import keep_memory

SPLITS = ("test", "val", "train", "all")


def evaluate(composed: DictConfig) -> None:
    """Rebuild the run from its checkpoint, predict a part of its split, judge."""
    quieten()
    keep_memory()
    wanted, overrides = asked(composed, EvaluateRoot, {"split": SPLITS})
    run = open_run(wanted.checkpoint, overrides)
    mirrors = mirrors_of(run, overrides)
    decides = deciding(overrides) if run.changed else []
    folder = _folder(run.checkpoint, wanted.split, decides)
    with shared(run.config["trainer"], overrides) as share:
        verdict = judge_part(run.task, run.data, wanted.split, run.config, folder, share)
    if not share.first:
        return
    show_verdict(verdict)
    if decides:
        write_whole(folder / "overrides.yaml", OmegaConf.to_yaml(OmegaConf.create(decides)))
    tell_verdict(mirrors, run, folder, verdict, _report(run, folder, verdict))
    whose = checkpoints.run_of(run.checkpoint) or run.checkpoint
    JUDGED.append(Judged(whose, wanted.split, run.config, folder))


def _folder(checkpoint: Path, split: str, overrides: list[str]) -> Path:
    """Where the verdict goes: the run's own place only for the run's own data and test part."""
    run = checkpoints.run_of(checkpoint)
    base = run / "evaluation" if run else checkpoint.with_suffix(".evaluation")
    if not overrides:
        return base if split == "test" else base / split
    return base / f"{split}-{digest(*overrides)[:8]}"


def _report(run: OpenedRun, folder: Path, verdict: dict[str, Any]) -> dict[str, Figure]:
    """Bring the run's page up to date when its own verdict was made anew; say where all is.

    Returns the figures of the page, if it was written.
    """
    place = checkpoints.run_of(run.checkpoint)
    say(f"\nwritten  {near(folder)}")
    if place and folder == place / "evaluation":
        figures = run_figures(place, run.config, run.data, verdict)
        say(f"report   {near(write_page(place, figures))}")
        return figures
    return {}
