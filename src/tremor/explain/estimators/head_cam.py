"""The exact map of a network whose logits are linear in the features of its last layer.

After global pooling, LayerNorm and a linear head, the score is a sum over cells once the scale
that LayerNorm divides by is held at what the record gave it. What the head is made of is not
assumed but tried: a head that is not linear in the features is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain.estimate import Estimate
from tremor.explain.estimators.layers import WHERE, Place, offer, place
from tremor.explain.predict import Predict

TOLERANCE = 1e-4  # of the scores' size
REMEDY = "explainer=gradcam or explainer=layercam, or as explainer.layer "
LINEAR = "a head of one linear layer (decoder.hidden=null; of a hierarchical decoder then the \
background, or target=contrast(a,b) of two classes that have one condition), "


@dataclass(frozen=True)
class HeadMap:
    """Credits that sum to `output - base`, the score without any feature, to rounding."""

    estimate: Estimate
    base: float
    output: float
    layer: str


@dataclass(frozen=True)
class HeadCAM:
    """Each cell's part of the score: complete, with its sign, in units of the score.

    `layer=None` takes the last layer that gives a map.
    """

    layer: str | None = None

    def __call__(self, network: Predict, record: Tensor, weights: Tensor) -> Estimate:
        """The map of one record `(channel, …)` for the score `weights (class,)`."""
        return self.measure(network, record, weights).estimate

    def measure(self, network: Predict, record: Tensor, weights: Tensor) -> HeadMap:
        """The map of one record `(channel, …)` and both its ends, each evaluated by itself."""
        at = place(network, record, self.layer)
        with _scales(at.network) as scales:
            _, _, output = at.pulled(record, weights)
            scales.held = True
            features, gradient, _ = at.pulled(record, weights)
            head = Head(at, record, weights)
            base = head.score(torch.zeros_like(features))
            head.refuse_bent(features, gradient, base, output)
            head.refuse_passed_by(features, output)
        cells = (gradient * features).cpu().double().sum(0).flatten()
        return HeadMap(_spread(at, cells, record), base, output, at.layer.name)


@dataclass(frozen=True)
class Head:
    """What is done with the features of a layer, on the way to the score of a record."""

    at: Place
    record: Tensor
    weights: Tensor

    @torch.inference_mode()
    def score(self, features: Tensor) -> float:
        return float(self.at.score(self.record, self.weights, lambda _: features[None]))

    def refuse_bent(self, features: Tensor, gradient: Tensor, base: float, output: float) -> None:
        """Features turned round, mirrored and random must all score what the gradient says."""
        generator = torch.Generator().manual_seed(0)
        noise = torch.randn(features.shape, generator=generator).to(features) * features.std()
        tries = [features, -features, features.flip(-1), noise]
        told = [base + float((gradient.double() * x.double()).sum()) for x in tries]
        found = [self.score(x) for x in tries]
        size = max(map(abs, [base, output, *told, *found]))
        off = max(abs(a - b) for a, b in zip([told[0], *told], [output, *found], strict=True))
        if off > TOLERANCE * size:
            fault = (
                f"the score is not linear in the features of {self.at.layer}: "
                f"off by {off:.2g} of {size:.2g}"
            )
            raise Refused(fault, WHERE, LINEAR + REMEDY + offer(self.at.maps))

    def refuse_passed_by(self, features: Tensor, output: float) -> None:
        """Another record with the same features must score the same."""
        other = Head(self.at, self.record.flip(-1), self.weights).score(features)
        if abs(other - output) > TOLERANCE * max(abs(other), abs(output)):
            fault = f"the score also depends on what goes round {self.at.layer}"
            raise Refused(fault, WHERE, REMEDY + offer(self.at.maps))


@dataclass(frozen=True)
class Scale:
    """What a LayerNorm divided by in one call, and the axes that it went over."""

    axes: tuple[int, ...]
    size: Tensor

    @classmethod
    def of(cls, norm: nn.LayerNorm, x: Tensor, found: Tensor) -> Scale | None:
        """Over the last axes, or over the features where those come first, as `found` tells.

        None for one that does something else: it stays as it is.
        """
        many = len(norm.normalized_shape)
        for axes in (tuple(range(x.ndim - many, x.ndim)), (1,)):
            if [x.shape[axis] for axis in axes] == [*norm.normalized_shape]:
                spread = x.var(axes, correction=0, keepdim=True)
                scale = cls(axes, (spread + norm.eps).sqrt())
                if torch.allclose(scale.apply(norm, x), found, rtol=1e-3, atol=1e-4):
                    return scale
        return None

    def apply(self, norm: nn.LayerNorm, x: Tensor) -> Tensor:
        """The norm as a linear map: it centres, and divides by what it is told."""
        level = (x - x.mean(self.axes, keepdim=True)) / self.size
        shape = [size if axis in self.axes else 1 for axis, size in enumerate(x.shape)]
        gain = 1.0 if norm.weight is None else norm.weight.view(shape)
        shift = 0.0 if norm.bias is None else norm.bias.view(shape)
        return level * gain + shift


@dataclass
class Scales:
    """Those of every LayerNorm in a pass, in the order of their calls.

    They are `seen` in the first pass, and once `held` are those of all passes.
    """

    held: bool = False
    seen: list[Scale | None] = field(default_factory=list)
    calls: int = 0

    def hook(self, norm: nn.LayerNorm, inputs: Any, output: Tensor) -> Tensor | None:
        if not self.held:
            self.seen.append(Scale.of(norm, inputs[0].detach(), output.detach()))
            return None
        scale = self.seen[self.calls % len(self.seen)]
        self.calls += 1
        return None if scale is None else scale.apply(norm, inputs[0])


@contextmanager
def _scales(network: nn.Module) -> Iterator[Scales]:
    scales = Scales()
    norms = [layer for layer in network.modules() if isinstance(layer, nn.LayerNorm)]
    hooks = [norm.register_forward_hook(scales.hook) for norm in norms]
    try:
        yield scales
    finally:
        for hook in hooks:
            hook.remove()


def _spread(at: Place, cells: Tensor, record: Tensor) -> Estimate:
    """Each cell's credit shared evenly by the cells of the record that lie under it."""
    leaf = at.leaf(record)
    sizes = torch.bincount(leaf.flatten(), minlength=len(cells))
    if not bool(sizes.all()):
        fault = f"{at.layer} has more cells than the record {tuple(record.shape)}"
        raise Refused(fault, WHERE, REMEDY + offer(at.maps))
    return Estimate((cells / sizes)[leaf], None, leaf)
