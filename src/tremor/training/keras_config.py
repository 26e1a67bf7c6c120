"""What a Keras file's config says beside its weights, checked against the network found in them.

Weights alone tell neither strides nor padding nor what follows what. Where the config is there, the
graph that it describes must be that of our network, layer by layer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tremor.errors import Refused
from tremor.files import digest
from tremor.training.keras_file import KerasFile
from tremor.training.keras_network import INPUT, Recognised

Node = dict[str, Any]
ONE = (1, [1], (1,), None)
LAST = ("channels_last", None)
SETTINGS: dict[str, dict[str, tuple[Any, ...]]] = {
    "InputLayer": {},
    "Conv1D": {
        "strides": ONE,
        "dilation_rate": ONE,
        "groups": (1, None),
        "padding": ("same",),
        "data_format": LAST,
        "use_bias": (True,),
    },
    "BatchNormalization": {"axis": (2, -1, [2], [-1]), "center": (True,), "scale": (True,)},
    "Activation": {},
    "ReLU": {"max_value": (None,), "negative_slope": (0, None), "threshold": (0, None)},
    "MaxPooling1D": {"padding": ("valid",), "data_format": LAST},
    "GlobalAveragePooling1D": {"data_format": LAST, "keepdims": (False, None)},
    "Dropout": {},
    "SpatialDropout1D": {},
    "Add": {},
    "Dense": {"use_bias": (True,)},
}
"""Classes of Keras layers that are known, and the settings that mean what our networks do."""
THROUGH = ("InputLayer", "Activation", "Dropout", "SpatialDropout1D")
"""Layers that do nothing of their own, once a network is trained."""
WORDS = {"ReLU": "relu", "MaxPooling1D": "pool", "GlobalAveragePooling1D": "mean", "Add": "add"}
"""What layers without weights do; those with weights are known by their names."""
BENDS = ("linear", "relu", "sigmoid", None)
END = "end"


@dataclass(frozen=True)
class Described:
    """What a config tells of a network that its weights do not: settings, and samples if fixed."""

    settings: dict[str, Any]
    length: int | None


def described(file: KerasFile, found: Recognised) -> Described | None:
    """What the config tells; None where there is none, refused where it is of another network."""
    if file.config is None:
        return None
    try:
        return _described(Graph(file), found)
    except Refused:
        raise
    except Exception as error:
        fault = f"the model's config cannot be understood ({type(error).__name__}: {error})"
        raise Refused(fault, str(file.path), "save the weights alone (save_weights)") from error


def _described(graph: Graph, found: Recognised) -> Described:
    theirs, ours = graph.terms(), expected(found)
    logits = theirs[END] == theirs.get(found.parts["decoder.linear"].name)  # no sigmoid at the end
    for name, term in ours.items():
        if theirs.get(name) != term and not (name == END and logits):
            fault = f"the config has other layers up to its {name} than {found.model} has"
            raise Refused(fault, str(graph.path), "a model of our kinds, or one of its own")
    settings = {"eps": graph.same("BatchNormalization", "epsilon")}
    pool, by = (graph.same("MaxPooling1D", key) for key in ("pool_size", "strides"))
    if by not in (None, pool):
        raise ValueError(f"pools of {pool} steps every {by} steps")
    return Described(settings | ({"pool": pool} if pool else {}), graph.length())


class Graph:
    """The layers of a config by name, and what each of them reads."""

    def __init__(self, file: KerasFile):
        assert file.config is not None
        self.path, whole = file.path, file.config["config"]
        layers: list[Node] = whole if isinstance(whole, list) else whole["layers"]
        self.nodes: dict[str, Node] = {_name(node): node for node in layers}
        self.chain = [*self.nodes] if "Sequential" in file.config["class_name"] else []
        self.end = self.chain[-1] if self.chain else _one(_named(whole["output_layers"]))
        self.stored = dict(_numbers(layers)) if file.numbered else {}
        for name, node in self.nodes.items():
            _refuse_unknown(name, node, self.path)

    def terms(self) -> dict[str, str]:
        """Each layer with weights, and the end, as a digest of all that lies before it."""
        found: dict[str, str] = {}
        made: dict[str, str] = {}

        def term(name: str) -> str:
            if name not in made:
                node = self.nodes[name]
                inner = [term(before) for before in self._read(name)]
                made[name] = _applied(node, self.stored.get(name, name), inner, found)
            return made[name]

        end = term(self.end)
        return found | {END: end}

    def same(self, kind: str, key: str) -> Any:
        """A setting that all layers of a kind share."""
        given = [node["config"].get(key) for node in self.nodes.values() if _kind(node) == kind]
        values = [_one(value) if isinstance(value, list | tuple) else value for value in given]
        if any(value != values[0] for value in values):
            raise ValueError(f"{key} of {kind} is {values}: they differ")
        return values[0] if values else None

    def length(self) -> int | None:
        """Samples that the network was trained on, where it says so."""
        for node in self.nodes.values():
            shape = node["config"].get("batch_shape") or node["config"].get("batch_input_shape")
            if shape:
                return None if shape[1] is None else int(shape[1])
        return None

    def _read(self, name: str) -> list[str]:
        if self.chain:
            place = self.chain.index(name)
            return self.chain[place - 1 : place] if place else []
        calls = self.nodes[name]["inbound_nodes"]
        if len(calls) > 1:
            raise ValueError(f"layer {name} is used {len(calls)} times")
        return _named(calls)


def expected(found: Recognised) -> dict[str, str]:
    """What `Graph.terms` gives for our own network with the layers that were found."""
    made: dict[str, str] = {}

    def at(part: str, *inner: str) -> str:
        name = found.parts[part].name
        made[name] = digest(name, *inner)
        return made[name]

    last = at("decoder.linear", digest("mean", found.trunk(at)))
    return made | {END: digest("sigmoid", last)}


def _applied(node: Node, stored: str, inner: list[str], found: dict[str, str]) -> str:
    """The term of a layer by those that it reads; one with weights is noted in `found`."""
    kind, read = _kind(node), sorted(inner) or [INPUT]
    if kind in THROUGH:
        (term,) = read
    elif kind in WORDS:
        term = digest(WORDS[kind], *read)
    else:
        term = found[stored] = digest(stored, *read)
    bends = node["config"].get("activation", "linear")
    return term if bends == "linear" else digest(bends, term)


def _refuse_unknown(name: str, node: Node, path: Path) -> None:
    """Refuse a class of layers, or a setting, that our networks do not have."""
    kind, settings = _kind(node), node["config"]
    if kind not in SETTINGS:
        remedy = f"a model of {', '.join(SETTINGS)}"
        raise Refused(f"layer {name} is not known: {kind}", str(path), remedy)
    for key, allowed in (SETTINGS[kind] | {"activation": BENDS}).items():
        value = settings.get(key)
        if value not in allowed:
            fault = f"layer {name} ({kind}) has {key} {value}; it must be {allowed[0]}"
            raise Refused(fault, str(path), "a model of our kinds, or one of its own")


def _numbers(layers: list[Node]) -> Iterator[tuple[str, str]]:
    """Each layer's name, and what Keras 3 calls it in the file: by its class and a number."""
    counts: dict[str, int] = {}
    for node in layers:
        kind = re.sub(r"([a-z])([A-Z])", r"\1_\2", _kind(node)).lower()
        number = counts[kind] = counts.get(kind, -1) + 1
        yield _name(node), f"{kind}_{number}" if number else kind


def _named(calls: Any) -> list[str]:
    """The names of the layers whose output is read, in the words of Keras 2 or 3."""
    if isinstance(calls, dict):
        history = calls.get("config", {}).get("keras_history")
        inner = [*calls.get("args", []), *calls.get("kwargs", {}).values()]
        return [history[0]] if history else _named(inner)
    if not isinstance(calls, list | tuple):
        return []
    if calls and isinstance(calls[0], str):
        return [calls[0]]
    return [name for call in calls for name in _named(call)]


def _name(node: Node) -> str:
    return str(node.get("name") or node["config"]["name"])


def _kind(node: Node) -> str:
    return str(node["class_name"])


def _one(values: Sequence[Any]) -> Any:
    """The only value of a list."""
    (value,) = values
    return value
