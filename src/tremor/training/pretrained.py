"""Weights from an earlier run: where they are, whether they fit, taking, freezing, pulling."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from tremor.config.build import Plain
from tremor.errors import Refused
from tremor.tasks.base import Task
from tremor.tasks.optimisation import Anchor
from tremor.training import checkpoints
from tremor.training.assemble import PARTS, Facts, build_network
from tremor.training.misfits import refuse_other_settings


def pretrained(config: Plain) -> dict[str, Path]:
    """The checkpoint that each part takes its weights from, where one is asked for."""
    asked = {name: config[name]["pretrained"] for name in PARTS}
    return {name: checkpoints.find(path) for name, path in asked.items() if path}


def refuse_misfits(config: Plain) -> None:
    """Compare pretrained weights with the parts that are to take them, before data are read.

    The parts are built from the facts of the checkpoint's own data, and dropped again.
    """
    for name, path in pretrained(config).items():
        if config[name].get("weights") or config[name].get("hub_weights"):
            fault = f"{name}.pretrained and {name}.weights or hub_weights are both given"
            raise Refused(fault, name, f"{name}.pretrained=null, or the others left out")
        content = checkpoints.load(path)
        with torch.random.fork_rng(devices=[]):
            network = build_network(config, Facts.read(content["tremor"]["facts"]))
        weights, place = checkpoints.part_weights(content, name), f"{name}: {path}"
        checkpoints.refuse_misfit(getattr(network, name), weights, place)
        refuse_other_settings(config[name], content["tremor"]["config"][name], name, place)


def take_pretrained(task: Task, config: Plain) -> list[str]:
    """Take pretrained weights; says what was taken from where."""
    said = []
    for name, weights in pretrained_weights(config).items():
        path = str(pretrained(config)[name])
        checkpoints.take_weights(getattr(task.network, name), weights, path)
        said.append(f"{name}: {len(weights)} tensors from {path}")
    return said


def take_published(task: Task) -> list[str]:
    """Let parts take the weights that they bring from outside Tremor; says what was taken.

    For new runs alone: whoever opens a checkpoint has its weights, and needs no file or hub.
    """
    takers = {name: getattr(getattr(task.network, name), "take_weights", None) for name in PARTS}
    taken = {name: take() for name, take in takers.items() if take is not None}
    return [f"{name}: {said}" for name, said in taken.items() if said]


def pretrained_weights(config: Plain) -> dict[str, dict[str, Tensor]]:
    """The pretrained weights of each part that takes some."""
    found = pretrained(config).items()
    return {name: checkpoints.part_weights(checkpoints.load(path), name) for name, path in found}


def anchor(task: Task, config: Plain) -> None:
    """Tie the task to its pretrained weights, where a pull toward them is asked for."""
    if not task.l2_to_pretrained:
        return
    learned = {name for name, _ in task.network.named_parameters()}
    parts = pretrained_weights(config).items()
    weights = {f"{name}.{key}": w for name, part in parts for key, w in part.items()}
    task.anchor = Anchor({name: w for name, w in weights.items() if name in learned})


def freeze(task: Task, config: Plain) -> None:
    """Freeze the parts that are to be frozen from the start."""
    task.freeze_parts(tuple(name for name in PARTS if config[name]["freeze"]))
