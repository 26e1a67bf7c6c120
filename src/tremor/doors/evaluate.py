"""The judging door: a checkpoint is all it needs."""

from __future__ import annotations

from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import lightning
from omegaconf import DictConfig, OmegaConf

from tremor.config.build import Plain
from tremor.config.check import Problem, nearest, refuse
from tremor.config.roots import EvaluateRoot, TrainRoot
from tremor.data.files import digest, write_whole
from tremor.doors.checking import checked, command, retuned
from tremor.doors.data import Data, open_data
from tremor.doors.echo import near, say, show_verdict
from tremor.doors.judging import judge_part
from tremor.doors.quiet import quieten
from tremor.doors.train import run_figures
from tremor.errors import Refused
from tremor.report.page import write_page
from tremor.training import checkpoints
from tremor.training.allocator import keep_memory
from tremor.training.assemble import Facts, restore

SPLITS = ("test", "val", "train", "all")
OWN = [field.name for field in fields(EvaluateRoot)]


def evaluate(composed: DictConfig) -> None:
    """Rebuild the run from its checkpoint, predict a part of its split, judge."""
    quieten()
    keep_memory()
    asked, overrides = _asked(composed)
    path = checkpoints.find(asked.checkpoint)
    say(f"weights  {path}")
    content = checkpoints.load(path)
    card = content["tremor"]
    config, _, changed = retuned(card["tree"], overrides)
    lightning.seed_everything(config["seed"], verbose=False)
    data = open_data(config)
    _refuse_other_data(data, card, [key for key in changed if key.startswith("dataset.")])
    task = restore(config, content)
    folder = _folder(path, asked.split, overrides if changed else [])
    verdict = judge_part(task, data, asked.split, config, folder)
    show_verdict(verdict)
    if changed:
        write_whole(folder / "overrides.yaml", OmegaConf.to_yaml(OmegaConf.create(overrides)))
    _report(path, folder, config, data, verdict)


def _asked(composed: DictConfig) -> tuple[EvaluateRoot, list[str]]:
    """The door's own keys, checked, and the overrides that are meant for the saved tree."""
    own = OmegaConf.create(
        {key: composed[key] for key in OWN if not OmegaConf.is_missing(composed, key)}
    )
    rest = [o for o in command().overrides if o.lstrip("+~").split("=")[0].split(".")[0] not in OWN]
    known = {*OWN, *(field.name for field in fields(TrainRoot))}
    problems = [
        _stranger(o, known) for o in rest if o.lstrip("+~").split("=")[0].split(".")[0] not in known
    ]
    if "checkpoint" not in own:
        remedy = "checkpoint=outputs/<experiment>/<run>"
        problems.append(Problem("checkpoint", "must be given", remedy))
    elif own["split"] not in SPLITS:
        problems.append(Problem("split", f"is one of {', '.join(SPLITS)}", "split=test"))
    refuse(problems)
    return EvaluateRoot(**checked(own, EvaluateRoot)[0]), rest


def _stranger(override: str, known: set[str]) -> Problem:
    """An override whose key neither this door nor the training tree has."""
    key = override.lstrip("+~").split("=")[0]
    guess = nearest(key, known)
    hint = f"; did you mean {guess}?" if guess else ""
    return Problem(key, f"neither this door nor the training tree has such a key{hint}")


def _refuse_other_data(data: Data, card: Plain, changed: list[str]) -> None:
    """The data must fit the network, and be those of the run unless others were asked for."""
    trained, now = Facts.read(card["facts"]), data.facts
    same = (trained.channels, trained.sampling_rate, trained.classes)
    if same != (now.channels, now.sampling_rate, now.classes):
        raise Refused(
            f"the records do not fit the network, trained on {asdict(trained)}: {asdict(now)}",
            str(data.records.folder),
            "give records with the same channels, sampling rate and classes",
        )
    other = data.records.fingerprint != card["provenance"]["data_fingerprint"]
    if other and not changed:
        raise Refused(
            "the data are not those that the run was trained on: files have changed since",
            str(data.records.folder),
            "restore the files, or name the other data on purpose (dataset.paths=[…])",
        )
    if other:
        say("data     NOT those of the run: the split is new, and may overlap with training")


def _folder(checkpoint: Path, split: str, overrides: list[str]) -> Path:
    """Where the verdict goes: the run's own place only for the run's own data and test part."""
    run = checkpoints.run_of(checkpoint)
    base = run / "evaluation" if run else checkpoint.with_suffix(".evaluation")
    if not overrides:
        return base if split == "test" else base / split
    return base / f"{split}-{digest(*overrides)[:8]}"


def _report(path: Path, folder: Path, config: Plain, data: Data, verdict: dict[str, Any]) -> None:
    """Bring the run's page up to date when its own verdict was made anew; say where all is."""
    run = checkpoints.run_of(path)
    say(f"\nwritten  {near(folder)}")
    if run and folder == run / "evaluation":
        page = write_page(run, run_figures(run, config, data, verdict))
        say(f"report   {near(page)}")
