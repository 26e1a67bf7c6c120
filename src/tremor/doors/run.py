"""One execution of the training door: what it is told, and what loggers may ask of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lightning.pytorch.callbacks import Callback

from tremor.config.build import Plain
from tremor.doors.echo import say
from tremor.doors.mirrors import informed, sweep_of
from tremor.training.mirrors import About


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


def about(run: Run, provenance: Plain) -> About:
    """What a logger or callback may ask of the run."""
    resumed = run.resumed is not None
    return About(run.folder, run.config, run.choices, say, provenance, sweep_of(), resumed)


def callbacks_of(run: Run) -> list[Callback]:
    """The callbacks, each with those facts of the run that it asks for."""
    asked, nodes = about(run, {}), run.config["callbacks"].values()
    return [informed(node, asked) for node in nodes if node]
