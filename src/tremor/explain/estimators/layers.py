"""Layers of a network that have cells: found by running it, not by their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase
from torch.nn.modules.conv import _ConvNd

from tremor.errors import Refused
from tremor.explain.predict import Predict, logits
from tremor.explain.slope import differentiable

WHERE = "explainer.layer"
MANY = 40  # layers: of more, the last of each shape are offered


@dataclass(frozen=True)
class Layer:
    """A layer that gives features over cells, `shape (feature, …cells)`.

    `call` counts from 1 how often it was used in a pass until it gave that, for the last time.
    """

    name: str
    shape: tuple[int, ...]
    call: int

    def __str__(self) -> str:
        features, *cells = self.shape
        return f"{self.name} ({features} over {' x '.join(map(str, cells))})"


@dataclass(frozen=True)
class Place:
    """A layer of a network, and the layers that could have been chosen."""

    network: nn.Module
    layer: Layer
    maps: list[Layer]

    def score(self, record: Tensor, weights: Tensor, change: Callable[[Tensor], Tensor]) -> Tensor:
        """The score `()` of a record if the network goes on with changed features."""
        calls = 0

        def cut(_: nn.Module, inputs: Any, output: Any) -> Any:
            nonlocal calls
            calls += 1
            given = _features(output)
            if calls != self.layer.call or given is None:
                return None
            changed = change(given)
            return changed if isinstance(output, Tensor) else (changed, *output[1:])

        hook = self.network.get_submodule(self.layer.name).register_forward_hook(cut)
        try:
            return (logits(self.network, record.detach().clone()[None]) @ weights.clone())[0]
        finally:
            hook.remove()

    def pulled(self, record: Tensor, weights: Tensor) -> tuple[Tensor, Tensor, float]:
        """Features `(feature, …cells)`, the gradient of the score at them, and the score."""
        kept: list[Tensor] = []

        def keep(given: Tensor) -> Tensor:
            kept.append(given.detach().clone().requires_grad_())
            return kept[-1].clone()

        with differentiable():
            score = self.score(record, weights, keep)
            pulls = score.requires_grad
            (gradient,) = (
                torch.autograd.grad(score, kept[-1], allow_unused=True) if pulls else (None,)
            )
        if gradient is None:
            fault = f"{self.layer.name} takes no part in the logits"
            raise Refused(fault, WHERE, offer(self.maps))
        return kept[-1].detach()[0], gradient[0], float(score.detach())

    def leaf(self, record: Tensor) -> Tensor:
        """For each cell of a record `(channel, …)`, the number of the layer's nearest cell."""
        leaf = torch.zeros((), dtype=torch.int64)
        for length, cells in zip(record.shape[1:], self.layer.shape[1:], strict=True):
            own = (torch.arange(length) * cells) // length
            leaf = leaf[..., None] * cells + own
        return leaf.expand(record.shape)


def place(network: Predict, record: Tensor, name: str | None) -> Place:
    """The layer of that name, or the last one that has a map, for records like `(channel, …)`."""
    if not isinstance(network, nn.Module):
        fault = "a function has no layers to look at"
        raise Refused(fault, "explainer", "a torch module, or explainer=owen")
    maps = feature_maps(network, record)
    layer = _last(maps) if name is None else _named(network, record, name, maps)
    if len(layer.shape) != record.ndim:
        fit = [other for other in maps if len(other.shape) == record.ndim]
        fault = (
            f"{layer} gives a map of {len(layer.shape) - 1} axes "
            f"over a record (channel, …) of {record.ndim}"
        )
        raise Refused(fault, WHERE, f"another explainer.space, or {offer(fit)}")
    return Place(network, layer, maps)


def feature_maps(network: nn.Module, record: Tensor) -> list[Layer]:
    """In the order in which they are done, layers of two cells or more for one record.

    A layer need not say along which axis its features are. Those of convolutions and batch norms
    come first, and so they do where their number is that of one inside, or of the map before.
    """
    found: dict[str, Layer] = {}
    widths = {name: _widths(layer) for name, layer in network.named_modules()}
    features = 0

    def see(name: str, call: int, given: Tensor | None) -> None:
        nonlocal features
        if _is_map(given) and given.shape[1] in {features, *widths[name]}:
            features = given.shape[1]
            found.pop(name, None)
            found[name] = Layer(name, tuple(given.shape[1:]), call)

    _watch(network, record, see)
    return list(found.values())


def offer(maps: list[Layer]) -> str:
    """Layers to choose from, with their shapes."""
    few = maps if len(maps) <= MANY else list({layer.shape: layer for layer in maps}.values())
    return f"one of {', '.join(map(str, few))}" if maps else "explainer=owen"


def _widths(layer: nn.Module) -> set[int]:
    """The numbers of features that the convolutions and batch norms of a layer give."""
    parts = list(layer.modules())
    convolved = {part.out_channels for part in parts if isinstance(part, _ConvNd)}
    normed = {part.num_features for part in parts if isinstance(part, _NormBase)}
    return convolved | normed


def _last(maps: list[Layer]) -> Layer:
    if not maps:
        fault = "no convolution of the network gives a map of two cells or more"
        raise Refused(fault, WHERE, "explainer=owen, or explainer=integrated_gradients")
    return maps[-1]


def _named(network: nn.Module, record: Tensor, name: str, maps: list[Layer]) -> Layer:
    """Asked for by name, a layer need not convolve: it is taken to have its features first."""
    if not name or name not in dict(network.named_modules()):
        raise Refused(f"the network has no layer {name!r}", WHERE, offer(maps))
    found = [layer for layer in maps if layer.name == name]
    used = False

    def see(other: str, call: int, given: Tensor | None) -> None:
        nonlocal used
        used = used or other == name
        if other == name and _is_map(given):
            found.append(Layer(name, tuple(given.shape[1:]), call))

    if not found:
        _watch(network, record, see)
    if not used and not found:
        raise Refused(f"{name} takes no part in the logits", WHERE, offer(maps))
    if not found:
        fault = f"{name} gives no features over two cells or more"
        raise Refused(fault, WHERE, offer(maps))
    return found[-1]


def _watch(
    network: nn.Module, record: Tensor, see: Callable[[str, int, Tensor | None], None]
) -> None:
    """One pass; `see` is told of each layer, how often it was used so far, and what it gave."""
    calls: Counter[str] = Counter()

    def watched(name: str) -> Callable[..., None]:
        def hook(_: nn.Module, inputs: Any, output: Any) -> None:
            calls[name] += 1
            see(name, calls[name], _features(output))

        return hook

    layers = [(name, layer) for name, layer in network.named_modules() if name]
    hooks = [layer.register_forward_hook(watched(name)) for name, layer in layers]
    try:
        with torch.inference_mode():
            logits(network, record[None])
    finally:
        for hook in hooks:
            hook.remove()


def _is_map(given: Tensor | None) -> TypeGuard[Tensor]:
    """`(record, feature, …cells)` with two cells or more."""
    return given is not None and given.ndim > 2 and given[0, 0].numel() > 1


def _features(output: Any) -> Tensor | None:
    """What a layer gives, without the lengths that may come with it."""
    first = output[0] if isinstance(output, tuple) and output else output
    return first if isinstance(first, Tensor) else None
