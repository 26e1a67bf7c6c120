"""Maps of a named layer: its activations weighted by the gradient of the score.

Maps have the layer's own cells and keep their sign; they are drawn as cells, not smoothed.
Their scale means nothing across records or classes, and they add up to nothing. After the last
layer of a network with global pooling, LayerNorm and a linear head, the Grad-CAM has mean zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain.estimate import Estimate
from tremor.explain.game import logits
from tremor.explain.slope import differentiable

WHERE = "explainer.layer"


@dataclass(frozen=True)
class GradCAM:
    """Features weighted by their gradient's mean over cells."""

    layer: str

    def __call__(self, network: nn.Module, record: Tensor, weights: Tensor) -> Estimate:
        """The map of one record `(channel, …)` for the score `weights (class,)`."""
        features, gradient = _layer(network, self.layer, record, weights)
        share = gradient.flatten(1).mean(1)
        return _on_cells((share.view(-1, *[1] * (features.ndim - 1)) * features).sum(0), record)


@dataclass(frozen=True)
class LayerCAM:
    """Features weighted cell by cell by what is positive of their gradient: for finer layers."""

    layer: str

    def __call__(self, network: nn.Module, record: Tensor, weights: Tensor) -> Estimate:
        """The map of one record `(channel, …)` for the score `weights (class,)`."""
        features, gradient = _layer(network, self.layer, record, weights)
        return _on_cells((gradient.clamp(min=0) * features).sum(0), record)


def _layer(network: nn.Module, name: str, record: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Activations of a layer `(feature, …)` and the gradient of the score at them."""
    kept: list[Tensor] = []

    def cut(_: nn.Module, inputs: Any, found: Any) -> Tensor:
        if not isinstance(found, Tensor) or found.ndim < 3:
            fault = f"{name} gives no features (batch, feature, …cells)"
            raise Refused(fault, WHERE, "a convolutional layer")
        kept.append(found.detach().requires_grad_())
        return kept[-1].clone()

    hook = _module(network, name).register_forward_hook(cut)
    try:
        with differentiable():
            score = logits(network, record.detach().clone()[None]) @ weights.clone()
            if not kept:
                raise Refused(f"{name} takes no part in the logits", WHERE, _offer(network))
            (gradient,) = torch.autograd.grad(score.sum(), kept[-1])
    finally:
        hook.remove()
    features, gradient = (x.detach()[0].cpu().double() for x in (kept[-1], gradient))
    return features, gradient


def _module(network: nn.Module, name: str) -> nn.Module:
    layers: dict[str, nn.Module] = dict(network.named_modules())
    if name not in layers:
        raise Refused(f"the network has no layer {name!r}", WHERE, _offer(network))
    return layers[name]


def _offer(network: nn.Module) -> str:
    return "one of " + ", ".join(name for name, _ in network.named_modules() if name)


def _on_cells(found: Tensor, record: Tensor) -> Estimate:
    """A map laid over a record `(channel, …)`: each cell takes the value of the map's nearest.

    It is the same for every channel.
    """
    if found.ndim != record.ndim - 1:
        fault = f"a map of {found.ndim} axes over a record (channel, …) of {record.ndim}"
        raise Refused(fault, WHERE, "a layer whose cells lie as those of the input")
    shape = record.shape[1:]
    leaf = torch.zeros((), dtype=torch.int64)
    for length, cells in zip(shape, found.shape, strict=True):
        own = (torch.arange(length) * cells) // length
        leaf = leaf[..., None] * cells + own
    leaf = leaf.expand(record.shape)
    return Estimate(found.flatten()[leaf], None, leaf, complete=False)
