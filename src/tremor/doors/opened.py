"""A finished run as it was: its config, its data, its weights, for every door that starts there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning

from tremor.config.build import Plain
from tremor.doors.checking import retuned
from tremor.doors.data import Data, open_data
from tremor.doors.echo import say
from tremor.errors import Refused
from tremor.files import clear_scratch
from tremor.tasks.base import Task
from tremor.training import checkpoints
from tremor.training.assemble import Facts, restore


@dataclass(frozen=True)
class OpenedRun:
    """A checkpoint with its config (some keys `changed`), its records and its task."""

    checkpoint: Path
    config: Plain
    changed: list[str]
    data: Data
    task: Task


@dataclass(frozen=True)
class KeptRun:
    """What a checkpoint keeps: config (some keys `changed`), facts, weights; records unopened."""

    checkpoint: Path
    config: Plain
    changed: list[str]
    content: dict[str, Any]

    @property
    def facts(self) -> Facts:
        """What the data told the network when it was trained."""
        return Facts.read(self.content["tremor"]["facts"])

    def data(self) -> Data:
        """The run's own records, or those that were asked for, if they fit."""
        data = open_data(self.config)
        changed = [key for key in self.changed if key.startswith("dataset.")]
        _refuse_other_data(data, self.content["tremor"], changed)
        return data

    def task(self) -> Task:
        """The trained task."""
        return restore(self.config, self.content)


def read_run(checkpoint: str, overrides: list[str]) -> KeptRun:
    """Find and read a checkpoint; nothing is built, and no record opened."""
    path = checkpoints.find(checkpoint)
    say(f"weights  {path}")
    content = checkpoints.load(path)
    config, _, changed = retuned(content["tremor"]["tree"], overrides)
    return KeptRun(path, config, changed, content)


def open_run(checkpoint: str, overrides: list[str]) -> OpenedRun:
    """Rebuild a run from its checkpoint, on its own data unless others are asked for."""
    kept = read_run(checkpoint, overrides)
    if run := checkpoints.run_of(kept.checkpoint):
        clear_scratch(run, "**/*")
    lightning.seed_everything(kept.config["seed"], verbose=False)
    data = kept.data()
    return OpenedRun(kept.checkpoint, kept.config, kept.changed, data, kept.task())


def _refuse_other_data(data: Data, card: Plain, changed: list[str]) -> None:
    """The data must fit the network, and be those of the run unless others were asked for."""
    trained, now = Facts.read(card["facts"]), data.facts
    same = (trained.channels, trained.sampling_rate, trained.outputs)
    if same != (now.channels, now.sampling_rate, now.outputs):
        raise Refused(
            f"the records do not fit the network, trained on {asdict(trained)}: {asdict(now)}",
            str(data.records.folder),
            "give records with the same channels, sampling rate and classes",
        )
    known = card["provenance"]["data_fingerprint"]
    if not known:
        say("data     the network was trained elsewhere: whether it has seen these is not known")
        return
    other = data.records.fingerprint != known
    if other and not changed:
        raise Refused(
            "the data are not those that the run was trained on: files have changed since",
            str(data.records.folder),
            "restore the files, or name the other data on purpose (dataset.paths=[…])",
        )
    if other:
        say("data     NOT those of the run: the split is new, and may overlap with training")
