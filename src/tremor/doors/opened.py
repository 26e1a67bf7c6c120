"""A finished run as it was: its config, its data, its weights, for every door that starts there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

import lightning

from tremor.config.build import Plain
from tremor.doors.checking import retuned
from tremor.doors.data import Data, open_data
from tremor.doors.echo import say
from tremor.errors import Refused
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


def open_run(checkpoint: str, overrides: list[str]) -> OpenedRun:
    """Rebuild a run from its checkpoint, on its own data unless others are asked for."""
    path = checkpoints.find(checkpoint)
    say(f"weights  {path}")
    content = checkpoints.load(path)
    card = content["tremor"]
    config, _, changed = retuned(card["tree"], overrides)
    lightning.seed_everything(config["seed"], verbose=False)
    data = open_data(config)
    _refuse_other_data(data, card, [key for key in changed if key.startswith("dataset.")])
    return OpenedRun(path, config, changed, data, restore(config, content))


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
