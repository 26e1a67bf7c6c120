"""A network from elsewhere as a run folder: a config of today's tree, and weights from a file."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from torch import Tensor

from tremor.config.build import Plain
from tremor.config.resolve import plain
from tremor.doors.checking import CONFIGS, retuned
from tremor.doors.echo import say
from tremor.errors import Refused
from tremor.files import fingerprint, write_whole
from tremor.tasks.base import Task
from tremor.training import checkpoints, run_folder
from tremor.training.allocator import keep_memory
from tremor.training.assemble import Facts, assemble

CHOICES = {
    "dataset": "physionet",
    "encoder": "raw",
    "task": "multilabel",
    "evaluation": "multilabel",
}
"""The groups of a network that was trained on raw records of several classes."""
OWN = [
    "encoder.patch=1",
    "dataset.units=adc",
    "dataset.amp_norm_type=none",
    "dataset.demean=none",
    "dataset.event_split_method=all_test",
]
"""What such a network is given, sample by sample; which records it has seen is not known."""


@dataclass(frozen=True)
class Wanted:
    """What a file does not tell: classes with their codes, where records lie, other keys."""

    classes: dict[str, list[int | str]]
    root: Path | None = None
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True)
class Foreign:
    """A network of a file: choices of the groups `model` and `decoder`, and the model's settings.

    `length` is the number of samples that it demands; None if any will do. `script` imports such
    files; `notes` are said and kept.
    """

    file: Path
    script: str
    model: str
    decoder: str
    settings: dict[str, Any]
    leads: int
    outputs: int
    length: int | None
    weights: dict[str, Tensor]
    notes: tuple[str, ...] = ()


def imported(found: Foreign, wanted: Wanted, out: Path) -> Path:
    """Turn a network into a run folder with a checkpoint; returns the folder."""
    each = ", ".join(f"{key} {value}" for key, value in found.settings.items())
    say(f"network  {found.model}: {each}; {found.leads} leads, {found.outputs} classes")
    for note in found.notes:
        say(f"note     {note}")
    if found.outputs != len(wanted.classes):
        fault = f"the network tells {found.outputs} classes, {len(wanted.classes)} are named"
        raise Refused(fault, str(found.file), "--classes-file with a code for each, in their order")
    config, raw, choices, overrides = _composed(found, wanted)
    task = _task(config, found, tuple(wanted.classes))
    keep = Path(config["cache_dir"]).expanduser() / "files"
    task.card["provenance"]["imported"] = {
        "file": found.file.name,
        "fingerprint": fingerprint(found.file, keep),
        "notes": list(found.notes),
    }
    task.card |= {"tree": raw, "overrides": overrides, "choices": choices}
    return _written(task, run_folder.claim(out))


def _composed(found: Foreign, wanted: Wanted) -> tuple[Plain, Plain, dict[str, str], list[str]]:
    """The config of such a run, resolved and raw, with the choices and overrides that make it."""
    groups = CHOICES | {"model": found.model, "decoder": found.decoder}
    typed = [*(f"{group}={choice}" for group, choice in groups.items()), "~experiment"]
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose("train", overrides=typed, return_hydra_config=True)
    chosen = {k: str(v) for k, v in config.hydra.runtime.choices.items() if "hydra" not in str(k)}
    OmegaConf.set_struct(config, False)
    del config["hydra"]
    _, raw = plain(config)
    raw["dataset"]["classes"] = wanted.classes
    changes = [*OWN, "experiment_name=imported", f"dataset.num_classes={found.outputs}"]
    changes += [f"model.{key}={value}".replace(" ", "") for key, value in found.settings.items()]
    changes += [f"dataset.maxlen={found.length}"] if found.length else []
    changes += [f"dataset.data_dir={wanted.root.expanduser().resolve()}"] if wanted.root else []
    changes += wanted.overrides
    resolved, raw, _ = retuned(raw, changes)
    return resolved, raw, chosen, [*typed, *changes]


def _task(config: Plain, found: Foreign, classes: tuple[str, ...]) -> Task:
    """The task with the file's weights, and the card that its checkpoint carries."""
    rate, length = config["dataset"]["sampling_rate"], config["dataset"]["maxlen"]
    facts = Facts(found.leads, length, rate, classes, multi=True)
    task = assemble(config, facts)
    checkpoints.take_weights(task.network, found.weights, str(found.file))
    task.card = {
        "format": checkpoints.FORMAT,
        "config": config,
        "facts": facts.plain(),
        "provenance": run_folder.provenance(found.script, config["seed"], "", keep_memory(), None),
    }
    return task


def _written(task: Task, folder: Path) -> Path:
    """A run folder as training leaves it, but for what only training knows."""
    card: dict[str, Any] = task.card
    run_folder.describe(folder, card["config"], card["overrides"], card["provenance"])
    held = io.BytesIO()
    torch.save({"state_dict": task.state_dict(), "tremor": card}, held)
    write_whole(folder / "checkpoints" / "best.ckpt", held.getvalue())
    return folder
