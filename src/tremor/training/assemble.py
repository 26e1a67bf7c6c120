"""From a checked config and the facts of the data to a task: the same way for every door."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tremor.config.build import Plain, build
from tremor.config.signature import signature_of
from tremor.errors import Refused
from tremor.network.network import Network
from tremor.tasks.base import Task
from tremor.tasks.optimisation import Anchor, set_frozen
from tremor.training import checkpoints

PARTS = ("encoder", "model")


@dataclass(frozen=True)
class Facts:
    """What the data tells the network: channels, samples, Hz, names of the classes."""

    channels: int
    length: int
    sampling_rate: float
    classes: tuple[str, ...]

    def plain(self) -> Plain:
        return asdict(self) | {"classes": list(self.classes)}

    @classmethod
    def read(cls, facts: Plain) -> Facts:
        return cls(**(facts | {"classes": tuple(facts["classes"])}))


def assemble(config: Plain, facts: Facts) -> Task:
    """Build network and task; weights are random still."""
    network = build_network(config, facts)
    return build(  # type: ignore[no-any-return]
        config["task"],
        network=network,
        normalise=build(config["dataset"]["normalise"]),
        augment=build(config["augment"]),
        optimizer=build(config["optimizer"]),
        scheduler=build(config["scheduler"]),
    )


def build_network(config: Plain, facts: Facts) -> Network:
    """Encoder, model and decoder, each told what the one before it gives."""
    shape = {"channels": facts.channels, "length": facts.length}
    encoder = build(_own(config["encoder"]), **shape, sampling_rate=facts.sampling_rate)
    model = build(_own(config["model"]), in_shape=encoder.out_shape)
    known = {"in_shape": model.out_shape, "channels": facts.channels}
    asked = signature_of(config["decoder"]["_target_"]).settings
    if "samples" in asked:
        known["samples"] = _samples_a_step(encoder)
    told = {name: fact for name, fact in known.items() if name in asked}
    return Network(encoder, model, build(config["decoder"], **told))


def _samples_a_step(encoder: nn.Module) -> int:
    """How many samples of the waveform one step of the encoder stands for."""
    samples = getattr(encoder, "samples", None)
    if not isinstance(samples, int):
        raise Refused(
            f"{type(encoder).__name__} gives no steps in time that a waveform could be made of",
            "encoder",
            "encoder=conv_patch or encoder=raw",
        )
    return samples


def _own(node: Plain) -> Plain:
    """A part's node without the keys that are not its constructor's."""
    return {k: v for k, v in node.items() if k not in ("pretrained", "freeze")}


def pretrained(config: Plain) -> dict[str, Path]:
    """The checkpoint that each part takes its weights from, where one is asked for."""
    asked = {name: config[name]["pretrained"] for name in PARTS}
    return {name: checkpoints.find(path) for name, path in asked.items() if path}


def refuse_misfits(config: Plain) -> None:
    """Compare pretrained weights with the parts that are to take them, before data are read.

    The parts are built from the facts of the checkpoint's own data, and dropped again.
    """
    for name, path in pretrained(config).items():
        content = checkpoints.load(path)
        with torch.random.fork_rng(devices=[]):
            network = build_network(config, Facts.read(content["tremor"]["facts"]))
        weights = checkpoints.part_weights(content, name)
        checkpoints.refuse_misfit(getattr(network, name), weights, f"{name}: {path}")


def take_pretrained(task: Task, config: Plain) -> list[str]:
    """Take pretrained weights; says what was taken from where."""
    said = []
    for name, weights in pretrained_weights(config).items():
        path = str(pretrained(config)[name])
        checkpoints.take_weights(getattr(task.network, name), weights, path)
        said.append(f"{name}: {len(weights)} tensors from {path}")
    return said


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


def restore(config: Plain, content: dict[str, Any]) -> Task:
    """A trained task from an opened checkpoint."""
    task = assemble(config, Facts.read(content["tremor"]["facts"]))
    checkpoints.take_weights(task, content["state_dict"], "the checkpoint")
    set_frozen(task, True)
    task.card = content["tremor"]
    return task
