"""Small Keras models as files, in the layouts of Keras 2 and 3, written without Keras.

Layers are named in the order in which they are made, and listed by depth, as Keras does: where a
residual block's shortcut comes first in its sum, it is listed before the last convolution.
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

Arrays = dict[str, np.ndarray]
NORM = ("gamma", "beta", "moving_mean", "moving_variance")


@dataclass
class Node:
    """A layer: its class, settings, what it reads, and its weights."""

    name: str
    kind: str
    settings: dict[str, Any]
    reads: list[str]
    arrays: Arrays = field(default_factory=dict)


class Model:
    """Layers as they are made; `nodes` is their order in files."""

    def __init__(self, leads: int = 12, samples: int | None = 40, seed: int = 0):
        self.rng = np.random.default_rng(seed)
        self.nodes: list[Node] = []
        self.last = self.add("InputLayer", [], batch_input_shape=[None, samples, leads])
        self.features = leads

    def add(self, kind: str, reads: list[str] | None = None, **settings: Any) -> str:
        count = sum(node.kind == kind for node in self.nodes)
        base = re.sub(r"([a-z])([A-Z])", r"\1_\2", kind).lower()
        name = f"{base}_{count}" if count else base
        reads = [self.last] if reads is None else reads
        self.nodes.append(Node(name, kind, settings, reads))
        self.last = name
        return name

    def weigh(self, **shapes: tuple[int, ...]) -> str:
        arrays = {n: self.rng.normal(0, 0.5, s).astype(np.float32) for n, s in shapes.items()}
        if "moving_variance" in arrays:
            arrays["moving_variance"] = np.abs(arrays["moving_variance"]) + 0.5
        self.nodes[-1].arrays = arrays
        return self.last

    def conv(self, before: int, after: int, kernel: int, **settings: Any) -> str:
        known = {"padding": "same", "strides": [1], "use_bias": True, "activation": "linear"}
        self.add("Conv1D", **known | settings)
        return self.weigh(kernel=(kernel, before, after), bias=(after,))

    def norm(self, features: int, **settings: Any) -> str:
        known = {"axis": [2], "epsilon": 1e-3, "center": True, "scale": True}
        self.add("BatchNormalization", **known | settings)
        return self.weigh(**dict.fromkeys(NORM, (features,)))

    def relu(self) -> str:
        return self.add("Activation", activation="relu")

    def end(self, before: int, classes: int, activation: str = "sigmoid") -> Model:
        self.add("GlobalAveragePooling1D", data_format="channels_last")
        self.add("Dense", use_bias=True, activation=activation)
        self.weigh(kernel=(before, classes), bias=(classes,))
        return self

    def whole_config(self, new: bool) -> dict[str, Any]:
        """The config in the words of Keras 2, or of Keras 3."""
        layers = [
            {
                "class_name": node.kind,
                "config": {"name": node.name} | node.settings,
                "name": node.name,
                "inbound_nodes": _calls(node.reads, new),
            }
            for node in self.nodes
        ]
        end = [self.last, 0, 0]
        config = {"name": "model", "layers": layers, "output_layers": end if new else [end]}
        return {"class_name": "Functional" if new else "Model", "config": config}


def _calls(reads: Sequence[str], new: bool) -> list[Any]:
    if not reads:
        return []
    if not new:
        return [[[name, 0, 0, {}] for name in reads]]
    tensors = [
        {"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}}
        for name in reads
    ]
    return [{"args": tensors if len(tensors) == 1 else [tensors], "kwargs": {"mask": None}}]


def resnet(
    widths: Sequence[int] = (3, 4, 4),
    kernels: Sequence[int] = (8, 5, 3),
    leads: int = 12,
    classes: int = 2,
    early: bool = True,
    **settings: Any,
) -> Model:
    """A residual network; `settings` are of its first convolution."""
    model, features = Model(leads), leads
    for width in widths:
        begin = model.last
        for place, (before, kernel) in enumerate(
            zip((features, width, width), kernels, strict=True)
        ):
            if place:
                model.relu()
            model.conv(before, width, kernel, **(settings if model.last == "input_layer" else {}))
            model.norm(width)
        straight, model.last = model.last, begin
        if features != width:
            model.conv(features, width, 1)
        short = model.norm(width)
        _by_depth(model.nodes, early, features != width)
        model.add("Add", [short, straight] if early else [straight, short])
        model.relu()
        features = width
    return model.end(features, classes)


def _by_depth(nodes: list[Node], early: bool, convolved: bool) -> None:
    """Put the shortcut's layers beside the last convolution and its norm, as Keras lists them."""
    if convolved:
        conv, norm, short, short_norm = nodes[-4:]
        first = [short, conv, short_norm, norm]
        nodes[-4:] = first if early else [conv, short, norm, short_norm]
    elif early:
        nodes[-2:] = nodes[:-3:-1]


def cnn(
    widths: Sequence[int] = (3, 4), kernels: Sequence[int] = (5, 3), pool: int = 2, **settings: Any
) -> Model:
    """A chain of convolutions; `settings` are of its pools."""
    model, features = Model(), 12
    for place, (width, kernel) in enumerate(zip(widths, kernels, strict=True)):
        if place:
            known = {"pool_size": [pool], "strides": [pool], "padding": "valid"}
            model.add("MaxPooling1D", **known | settings)
        model.conv(features, width, kernel)
        model.norm(width)
        model.relu()
        features = width
    model.add("Dropout", rate=0.2)
    return model.end(features, 3)


def write_h5(model: Model, path: Path, config: bool = True) -> Path:
    """As Keras 2 does: the whole model, or its weights alone."""
    with h5py.File(path, "w") as file:
        home = file.create_group("model_weights") if config else file
        if config:
            file.attrs["model_config"] = json.dumps(model.whole_config(new=False))
        home.attrs["layer_names"] = [node.name.encode() for node in model.nodes]
        for node in model.nodes:
            group = home.create_group(node.name)
            names = [f"{node.name}/{role}:0" for role in node.arrays]
            group.attrs["weight_names"] = [name.encode() for name in names]
            for name, array in zip(names, node.arrays.values(), strict=True):
                group[name] = array
    return path


def write_keras(model: Model, path: Path, archive: bool = True) -> Path:
    """As Keras 3 does: an archive, or the HDF5 file of weights that would be in it."""
    held = io.BytesIO()
    with h5py.File(held, "w") as file:
        for name, node in _numbered(model.nodes):
            group = file.create_group(f"layers/{name}/vars")
            for number, array in enumerate(node.arrays.values()):
                group[str(number)] = array
        file.create_group("optimizer/vars")["0"] = np.zeros(1, np.int64)
    if not archive:
        path.write_bytes(held.getvalue())
        return path
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("metadata.json", "{}")
        packed.writestr("config.json", json.dumps(model.whole_config(new=True)))
        packed.writestr("model.weights.h5", held.getvalue())
    return path


def _numbered(nodes: Sequence[Node]) -> Iterator[tuple[str, Node]]:
    """Layers under the names of their classes, counted in the order of the list."""
    counts: dict[str, int] = {}
    for node in nodes:
        number = counts[node.kind] = counts.get(node.kind, -1) + 1
        base = re.sub(r"([a-z])([A-Z])", r"\1_\2", node.kind).lower()
        yield (f"{base}_{number}" if number else base), node
