"""Weights of a Keras model as its file holds them: HDF5 under any name, or a `.keras` archive.

Two layouts are known: that of Keras 1 and 2 (`.h5`: a group a layer, with the names of its
weights), and that of Keras 3 (`.keras`, `.weights.h5`: numbered variables, layers by their class).
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from tremor.errors import Refused
from tremor.heaps import broken_heaps, refuse_broken_heaps

Array = NDArray[np.float32]
WEIGHTS, CONFIG = "model.weights.h5", "config.json"
STORES = ("layers", "_layer_checkpoint_dependencies")
NORM = ("gamma", "beta", "moving_mean", "moving_variance")
ROLES = {
    ("conv", (3, 1)): ("kernel", "bias"),
    ("dense", (2, 1)): ("kernel", "bias"),
    ("norm", (1, 1, 1, 1)): NORM,
}
"""What layers with weights are known by: how many axes each weight has, and what it is called."""
LARGEST = 2**28
"""Bytes above which nothing is read: the weights of these networks take two million."""


@dataclass(frozen=True)
class Layer:
    """A layer with weights: `conv`, `norm` or `dense`, and its arrays by what they are."""

    name: str
    kind: str
    arrays: dict[str, Array]

    def __str__(self) -> str:
        first = self.arrays["gamma" if self.kind == "norm" else "kernel"]
        return f"{self.name} {first.shape}"


@dataclass(frozen=True)
class KerasFile:
    """Layers with weights in the file's order, and the model's config where the file has one.

    `numbered` layers are called by their class and its number, and not as the config calls them.
    """

    path: Path
    layers: tuple[Layer, ...]
    config: dict[str, Any] | None
    numbered: bool

    def of(self, kind: str) -> list[Layer]:
        """The layers of one kind, in order."""
        return [layer for layer in self.layers if layer.kind == kind]


def read_keras(path: Path) -> KerasFile:
    """Read a file; nothing in it is executed, and a layer that is not known is refused."""
    if not path.is_file():
        raise Refused("no such file", str(path), "give a Keras .h5, .keras or .weights.h5 file")
    try:
        if zipfile.is_zipfile(path):
            return _archive(path)
        refuse_broken_heaps(path)
        with h5py.File(path, "r") as file:
            return _hdf5(file, path)
    except Refused:
        raise
    except Exception as error:  # h5py and zipfile raise of all kinds about damaged files
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        remedy = "give a Keras .h5, .keras or .weights.h5 file, whole"
        raise Refused(f"cannot read the Keras model ({reason})", str(path), remedy) from error


def _archive(path: Path) -> KerasFile:
    """A `.keras` archive: its config, and the HDF5 file of weights in it."""
    with zipfile.ZipFile(path) as archive:
        sizes = {item.filename: item.file_size for item in archive.infolist()}
        if WEIGHTS not in sizes:
            found = ", ".join(sorted(sizes)[:5]) or "nothing"
            raise Refused(f"no {WEIGHTS} in the archive; it has {found}", str(path))
        if max(sizes.get(WEIGHTS, 0), sizes.get(CONFIG, 0)) > LARGEST:
            raise Refused(f"its {WEIGHTS} or {CONFIG} takes {LARGEST:,} bytes or more", str(path))
        config = json.loads(archive.read(CONFIG)) if CONFIG in sizes else None
        weights = archive.read(WEIGHTS)
        broken_heaps(weights)
        with h5py.File(io.BytesIO(weights), "r") as file:
            return KerasFile(path, tuple(_numbered(file, path)), config, True)


def _hdf5(file: h5py.File, path: Path) -> KerasFile:
    """An HDF5 file, whatever its name ends with."""
    said = file.attrs.get("model_config")
    config = None if said is None else json.loads(said)
    home = file.get("model_weights", file)
    if "layer_names" in home.attrs or "layer_names0" in home.attrs:
        return KerasFile(path, tuple(_named(home, path)), config, False)
    if any(store in home for store in STORES):
        return KerasFile(path, tuple(_numbered(home, path)), config, True)
    found = ", ".join(list(home)[:5]) or "nothing"
    raise Refused(f"an HDF5 file, but of no Keras model: it has {found}", str(path))


def _named(home: h5py.Group, path: Path) -> Iterator[Layer]:
    """Layers of Keras 1 and 2: weights by their names."""
    for layer in _texts(home, "layer_names"):
        group = home[layer]
        names = _texts(group, "weight_names")
        arrays = {name.rpartition("/")[2].partition(":")[0]: group[name] for name in names}
        if arrays:
            yield _layer(layer, arrays, path)


def _numbered(file: h5py.Group, path: Path) -> Iterator[Layer]:
    """Layers of Keras 3: variables by number, layers by class and number."""
    store = next((name for name in STORES if name in file), None)
    if store is None:
        raise Refused("no layers in the file of weights", str(path))
    for name in sorted(file[store], key=_order):
        node = file[store][name]
        held = node.get("vars", {})
        inner = [part for part in node if part != "vars" and _holds(node[part])]
        if inner:
            fault = f"layer {name} holds other layers ({', '.join(inner)}): it is not known"
            raise Refused(fault, str(path), "a model of plain layers")
        if len(held):
            yield _layer(name, {key: held[key] for key in sorted(held, key=int)}, path)


def _layer(name: str, stored: dict[str, h5py.Dataset], path: Path) -> Layer:
    """A layer of a kind that is known by the axes of its weights; any other is refused."""
    shapes = {key: tuple(data.shape) for key, data in stored.items()}
    for (kind, axes), roles in ROLES.items():
        fits = axes == tuple(len(shape) for shape in shapes.values())
        if fits and (set(shapes) == set(roles) or all(key.isdigit() for key in shapes)):
            given = stored if roles[0] in stored else dict(zip(roles, stored.values(), strict=True))
            return Layer(name, kind, {role: _array(given[role]) for role in roles})
    said = ", ".join(f"{key} {shape}" for key, shape in shapes.items())
    raise Refused(
        f"layer {name} is not known: {said}",
        str(path),
        "a model of Conv1D, BatchNormalization and Dense layers with all their weights",
    )


def _array(data: h5py.Dataset) -> Array:
    """The numbers of a weight; they must be whole."""
    if data.dtype.kind != "f" or data.nbytes > LARGEST:
        raise ValueError(f"{data.name} is {data.dtype} {data.shape}: no weights of such a network")
    array: Array = np.asarray(data[()], np.float32)
    if not np.isfinite(array).all():
        raise ValueError(f"{data.name} has numbers that are not finite")
    return array


def _holds(node: h5py.Group | h5py.Dataset) -> bool:
    """Whether there are weights anywhere below."""
    if isinstance(node, h5py.Dataset):
        return True
    return any(_holds(part) for part in node.values())


def _texts(group: h5py.Group, name: str) -> list[str]:
    """A list of names; a long one is in numbered pieces."""
    numbered = takewhile(group.attrs.__contains__, (f"{name}{n}" for n in count()))
    pieces = [name] if name in group.attrs else list(numbered)
    found = [text for piece in pieces for text in group.attrs[piece]]
    return [text.decode() if isinstance(text, bytes) else str(text) for text in found]


def _order(name: str) -> tuple[str, int]:
    """`conv1d`, `conv1d_1`, … `conv1d_10`: by class, then by number."""
    match = re.fullmatch(r"(.*?)(?:_(\d+))?", name)
    assert match is not None
    return match[1], int(match[2] or 0)
