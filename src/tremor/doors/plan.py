"""What decides the numbers of explanations, told beside them: another one is not taken for it."""

from __future__ import annotations

from pathlib import Path

from tremor import __version__
from tremor.config.build import Plain
from tremor.config.roots import ExplainRoot
from tremor.doors.checking import command
from tremor.doors.opened import OpenedRun
from tremor.files import fingerprint
from tremor.training import checkpoints
from tremor.training.run_folder import versions


def plan_of(wanted: ExplainRoot, run: OpenedRun, target: str) -> Plain:
    """All that decides the numbers of an explanation but the choice of records."""
    return {
        "explainer": choice(),
        "space": wanted.explainer["space"],
        "fill": wanted.explainer.get("fill"),
        "players": wanted.explainer.get("players"),
        "budget": wanted.explainer.get("budget"),
        "config": wanted.explainer,
        "target": target,
        "split": wanted.split,
        "select": wanted.select,
        "seed": wanted.seed,
        "checkpoint": fingerprint(
            run.checkpoint, Path(run.config["cache_dir"]).expanduser() / "files"
        ),
        "data": run.data.records.fingerprint,
        "versions": {"tremor": __version__} | versions(),
    }


def explanations_of(run: OpenedRun) -> Path:
    """Where explanations of a run lie: in its folder, or beside a checkpoint that has none."""
    home = checkpoints.run_of(run.checkpoint)
    return home / "explanations" if home else run.checkpoint.with_suffix(".explanations")


def choice() -> str:
    """The explainer that was chosen."""
    return command().choices["explainer"]
