"""From a checked config and the facts of the data to a task: the same way for every door."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from math import inf
from typing import Any

import torch
from torch import nn

from tremor.config.build import Plain, build
from tremor.config.signature import signature_of
from tremor.errors import Refused
from tremor.network.network import Network
from tremor.tasks.base import Task
from tremor.tasks.optimisation import set_frozen
from tremor.training import checkpoints
from tremor.training.misfits import own, refuse_other_settings

PARTS = ("encoder", "model")


@dataclass(frozen=True)
class Facts:
    """What the data tells the network: channels, samples, Hz, names of the classes (by head).

    `multi`: a record may have several of the classes at once, or none.
    """

    channels: int
    length: int
    sampling_rate: float
    classes: tuple[str, ...]
    heads: dict[str, tuple[str, ...]] = field(default_factory=dict)
    multi: bool = False

    def plain(self) -> Plain:
        heads = {head: list(names) for head, names in self.heads.items()}
        return asdict(self) | {"classes": list(self.classes), "heads": heads}

    @classmethod
    def read(cls, facts: Plain) -> Facts:
        """The facts as a checkpoint keeps them."""
        try:
            heads = {head: tuple(names) for head, names in facts.get("heads", {}).items()}
            found = cls(**(facts | {"classes": tuple(facts["classes"]), "heads": heads}))
            told = (found.channels, found.length, *found.classes, *sum(heads.values(), ()))
            sound = 0 < found.sampling_rate < inf and min(told[:2]) > 0
            if not sound or [type(it) for it in told[:2]] != [int, int]:
                raise ValueError("no sizes of records")
            if not all(isinstance(name, str) for name in told[2:]):
                raise TypeError("classes without names")
        except (TypeError, KeyError, AttributeError, ValueError) as error:
            fault = f"the checkpoint does not say what its data were ({error})"
            raise Refused(
                fault, "facts", "give a checkpoint as simple_train.py wrote it"
            ) from error
        return found

    @property
    def outputs(self) -> tuple[str, ...]:
        """What each logit is of: a class, or `head:class` of several heads one after another."""
        each = (f"{head}:{name}" for head, names in self.heads.items() for name in names)
        return tuple(each) or self.classes


def assemble(config: Plain, facts: Facts) -> Task:
    """Build network and task; weights are random still."""
    network = build_network(config, facts)
    return _part(  # type: ignore[no-any-return]
        config,
        "task",
        network=network,
        normalise=build(config["dataset"]["normalise"]),
        augment=build(config["augment"]),
        optimizer=build(config["optimizer"]),
        scheduler=build(config["scheduler"]),
    )


def build_network(config: Plain, facts: Facts) -> Network:
    """Encoder, model and decoder, each told what the one before it gives."""
    shape = {"channels": facts.channels, "length": facts.length}
    encoder = _part(config, "encoder", **shape, sampling_rate=facts.sampling_rate)
    device = {"device": device_of(config["trainer"]["accelerator"])}
    on = device if "device" in _asked(config["model"]) else {}
    model = _part(config, "model", in_shape=encoder.out_shape, **on)
    known = {"in_shape": model.out_shape, "channels": facts.channels}
    asked = _asked(config["decoder"])
    if "samples" in asked:
        known["samples"] = _samples_a_step(encoder)
    told = {name: fact for name, fact in known.items() if name in asked}
    return Network(encoder, model, _part(config, "decoder", **told))


def device_of(accelerator: str) -> str:
    """The kind of device that Lightning will take for `trainer.accelerator`."""
    if accelerator in ("auto", "gpu"):
        there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        return next((name for name, found in there.items() if found), "cpu")
    return accelerator


def _asked(node: Plain) -> Collection[str]:
    """What a part's constructor takes."""
    return signature_of(node["_target_"]).settings


def _part(config: Plain, name: str, **facts: Any) -> Any:
    """Build a part; what it, or torch, says against its settings is told with its name."""
    try:
        return build(own(config[name]), **facts)
    except (ValueError, RuntimeError) as error:
        fault = f"the {name} cannot be built: {first_line(error)}"
        raise Refused(fault, name, f"other settings of {name}.*, or another {name}") from error


def first_line(error: Exception) -> str:
    """What an error says, short enough to be read."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


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


def restore(config: Plain, content: dict[str, Any]) -> Task:
    """A trained task from an opened checkpoint."""
    card = content["tremor"]
    task = assemble(config, Facts.read(card["facts"]))
    checkpoints.take_weights(task, content["state_dict"], "the checkpoint")
    for name in PARTS:
        refuse_other_settings(config[name], card["config"][name], name, "the checkpoint")
    set_frozen(task, True)
    task.card = card
    return task
