"""From a checked config and the facts of the data to a task: the same way for every door."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tremor.config.build import Plain, build
from tremor.network.network import Network
from tremor.tasks.classification import Classification
from tremor.tasks.optimisation import set_frozen
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


def assemble(config: Plain, facts: Facts) -> Classification:
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
    return Network(encoder, model, build(config["decoder"], in_shape=model.out_shape))


def _own(node: Plain) -> Plain:
    """A part's node without the keys that are not its constructor's."""
    return {k: v for k, v in node.items() if k not in ("pretrained", "freeze")}


def pretrained(config: Plain) -> dict[str, Path]:
    """The checkpoint that each part takes its weights from, where one is asked for."""
    asked = {name: config[name]["pretrained"] for name in PARTS}
    return {name: checkpoints.find(path) for name, path in asked.items() if path}


def take_pretrained(task: Classification, config: Plain) -> list[str]:
    """Take pretrained weights; says what was taken from where."""
    said = []
    for name, path in pretrained(config).items():
        weights = checkpoints.part_weights(checkpoints.load(path), name)
        checkpoints.take_weights(getattr(task.network, name), weights, str(path))
        said.append(f"{name}: {len(weights)} tensors from {path}")
    return said


def freeze(task: Classification, config: Plain) -> None:
    """Freeze the parts that are to be frozen from the start."""
    task.freeze_parts(tuple(name for name in PARTS if config[name]["freeze"]))


def restore(config: Plain, content: dict[str, Any]) -> Classification:
    """A trained task from an opened checkpoint."""
    task = assemble(config, Facts.read(content["tremor"]["facts"]))
    checkpoints.take_weights(task, content["state_dict"], "the checkpoint")
    set_frozen(task.network, True)
    return task
