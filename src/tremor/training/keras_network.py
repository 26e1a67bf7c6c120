"""Which of our networks a Keras file holds: found from the shapes of its layers alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

from torch import Tensor

from tremor.errors import Refused
from tremor.files import digest
from tremor.training.keras_file import KerasFile, Layer
from tremor.training.keras_layers import (
    Unlike,
    at_least_one,
    refuse_other_count,
    sizes,
    tensors_of,
    the_one,
    width_of,
)

IN_BLOCK = 3  # convolutions of a residual block
INPUT = "input"
At = Callable[..., str]
"""The term of one of our parts, by its name and the terms that it reads."""


@dataclass(frozen=True)
class Recognised:
    """A choice of the group `model` with its settings, and the Keras layer of each of our parts.

    `trunk` is how the model's parts follow each other: it makes the term of the last from theirs.
    """

    model: str
    settings: dict[str, Any]
    parts: dict[str, Layer]
    trunk: Callable[[At], str]

    @property
    def leads(self) -> int:
        """Channels that the network takes."""
        first = next(iter(self.parts.values()))
        return int(first.arrays["kernel"].shape[1])

    @property
    def outputs(self) -> int:
        """Classes that the network tells."""
        return int(self.parts["decoder.linear"].arrays["bias"].shape[0])

    def weights(self) -> dict[str, Tensor]:
        """The tensors of a `Network` by their names, float32."""
        found = (tensors_of(name, layer) for name, layer in self.parts.items())
        return {name: tensor for tensors in found for name, tensor in tensors.items()}


def recognise(file: KerasFile) -> Recognised:
    """The network of a file; layers that make none of ours are refused by name and shape."""
    said = []
    for name, parse in PARSERS.items():
        try:
            return parse(at_least_one(file.of("conv")), file.of("norm"), the_one(file.of("dense")))
        except Unlike as fault:
            said.append(f"{name}: {fault}")
    listed = "\n  ".join(said)
    remedy = "a model of one of these kinds; others can be written as a model of their own"
    raise Refused(f"the layers make no network that is known:\n  {listed}", str(file.path), remedy)


@dataclass(frozen=True)
class Block:
    """A residual block: its convolutions, and its shortcut's where the width changes.

    Keras lists layers by depth, so that the shortcut may come before the last convolution: `early`.
    """

    convs: list[Layer]
    short: Layer | None
    early: bool

    def parts(self, name: str, norms: list[Layer], early: bool) -> dict[str, Layer]:
        """Our parts; norms come in the order of the convolutions, and one is the shortcut's."""
        rest = list(norms)
        short_norm = rest.pop(IN_BLOCK - early)
        found = {f"{name}.convs.{n}": conv for n, conv in enumerate(self.convs)}
        found |= {f"{name}.norms.{n}": norm for n, norm in enumerate(rest)}
        found |= {f"{name}.short": self.short} if self.short else {}
        return found | {f"{name}.short_norm": short_norm}


def resnet(convs: list[Layer], norms: list[Layer], dense: Layer) -> Recognised:
    """Blocks of three convolutions, with one over a single step where the width changes."""
    blocks: list[Block] = []
    rest, features = list(convs), sizes(convs[0])[1]
    while rest:
        blocks.append(_block(rest, features))
        features = sizes(rest[0])[2]
        rest = rest[IN_BLOCK + (blocks[-1].short is not None) :]
    kernels = [[sizes(conv)[0] for conv in block.convs] for block in blocks]
    if any(each != kernels[0] for each in kernels):
        raise Unlike(f"its blocks have other kernels than each other: {kernels}")
    known = [block.early for block in blocks if block.short]
    if not known:
        raise Unlike("no block changes the width: the order of its norms is not told")
    each = IN_BLOCK + 1
    refuse_other_count(norms, each * len(blocks))
    parts: dict[str, Layer] = {}
    for n, block in enumerate(blocks):
        parts |= block.parts(f"model.blocks.{n}", norms[each * n : each * n + each], known[0])
    widths = [sizes(block.convs[0])[2] for block in blocks]
    found = Recognised("ecg_resnet", _settings(widths, kernels[0]), parts, partial(_resnet, blocks))
    return _ended(found, dense)


def cnn(convs: list[Layer], norms: list[Layer], dense: Layer) -> Recognised:
    """A chain of convolutions, each with a norm."""
    for before, layer in pairwise(convs):
        if sizes(layer)[1] != sizes(before)[2]:
            raise Unlike(f"{layer} does not follow {before}")
    refuse_other_count(norms, len(convs))
    parts = {f"model.convs.{n}": layer for n, layer in enumerate(convs)}
    parts |= {f"model.norms.{n}": layer for n, layer in enumerate(norms)}
    widths, kernels = [sizes(c)[2] for c in convs], [sizes(c)[0] for c in convs]
    found = Recognised("ecg_cnn", _settings(widths, kernels), parts, partial(_cnn, len(convs)))
    return _ended(found, dense)


PARSERS: dict[str, Callable[[list[Layer], list[Layer], Layer], Recognised]] = {
    "ecg_resnet": resnet,
    "ecg_cnn": cnn,
}


def _block(rest: list[Layer], features: int) -> Block:
    """The block that the next layers make."""
    width = sizes(rest[0])[2]
    layers, short, early = rest[:IN_BLOCK], None, False
    if features != width:
        layers = rest[: IN_BLOCK + 1]
        early = len(layers) > IN_BLOCK and sizes(layers[-2])[1:] == (features, width)
        short = layers[-2 if early else -1]
    convs = [layer for layer in layers if layer is not short]
    wanted = [(features, width), (width, width), (width, width)]
    fits = [sizes(conv)[1:] for conv in convs] == wanted
    if not fits or (short and sizes(short) != (1, features, width)):
        said = ", ".join(map(str, layers))
        raise Unlike(f"no residual block from {features} to {width} features: {said}")
    return Block(convs, short, early)


def _resnet(blocks: list[Block], at: At) -> str:
    x = INPUT
    for number, block in enumerate(blocks):
        name, inner = f"model.blocks.{number}", x
        for place in range(IN_BLOCK):
            inner = digest("relu", inner) if place else inner
            inner = at(f"{name}.norms.{place}", at(f"{name}.convs.{place}", inner))
        short = at(f"{name}.short", x) if block.short else x
        x = digest("relu", digest("add", *sorted([inner, at(f"{name}.short_norm", short)])))
    return x


def _cnn(layers: int, at: At) -> str:
    x = INPUT
    for place in range(layers):
        x = digest("pool", x) if place else x
        x = digest("relu", at(f"model.norms.{place}", at(f"model.convs.{place}", x)))
    return x


def _settings(widths: list[int], kernels: list[int]) -> dict[str, Any]:
    return {"widths": widths, "kernels": kernels}


def _ended(found: Recognised, dense: Layer) -> Recognised:
    """The network with its last layer; every layer must be as wide as what it follows."""
    parts, last = found.parts, found.settings["widths"][-1]
    for name, layer in parts.items():
        conv = parts.get(name.replace("short_norm", "short").replace("norms", "convs"), layer)
        if layer.kind == "norm" and conv.kind == "conv" and width_of(layer) != sizes(conv)[2]:
            raise Unlike(f"{layer} does not follow {conv}")
    if dense.arrays["kernel"].shape[0] != last:
        raise Unlike(f"{dense} does not follow {last} features")
    return replace(found, parts=parts | {"decoder.linear": dense})
