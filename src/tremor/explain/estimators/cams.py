"""Maps of a layer: its activations weighted by the gradient of the score.

Maps have the layer's own cells and keep their sign; they are drawn as cells, not smoothed.
Their scale means nothing across records or classes, and they add up to nothing. After the last
layer of a network with global pooling, LayerNorm and a linear head, the Grad-CAM has mean zero:
`note` says so, and the head CAM is a map that adds up.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from tremor.explain.estimate import Estimate
from tremor.explain.estimators.layers import Place, place
from tremor.explain.game import Predict

LEVEL = 1e-4  # of the mean size: below, a mean is zero but for rounding and LayerNorm's epsilon


@dataclass(frozen=True)
class GradCAM:
    """Features weighted by their gradient's mean over cells.

    `layer=None` takes the last layer that gives a map.
    """

    layer: str | None = None

    def __call__(self, network: Predict, record: Tensor, weights: Tensor) -> Estimate:
        """The map of one record `(channel, …)` for the score `weights (class,)`."""
        at = place(network, record, self.layer)
        features, gradient, _ = at.pulled(record, weights)
        share = gradient.flatten(1).mean(1).view(-1, *[1] * (features.ndim - 1))
        return _laid(at, share * features, record)


@dataclass(frozen=True)
class LayerCAM:
    """Features weighted cell by cell by what is positive of their gradient: for finer layers.

    `layer=None` takes the last layer that gives a map.
    """

    layer: str | None = None

    def __call__(self, network: Predict, record: Tensor, weights: Tensor) -> Estimate:
        """The map of one record `(channel, …)` for the score `weights (class,)`."""
        at = place(network, record, self.layer)
        features, gradient, _ = at.pulled(record, weights)
        return _laid(at, gradient.clamp(min=0) * features, record)


def note(estimate: Estimate) -> str:
    """What must be said of a map before it is read; mostly nothing."""
    found = _cells(estimate)
    size = float(found.abs().mean())
    if size and abs(float(found.mean())) < LEVEL * size:
        return (
            "the map's mean is zero by construction (pooling, then LayerNorm): only its pattern "
            "means something; explainer=head_cam has an exact one"
        )
    if size and float(found.max()) <= 0:
        return "every cell of the map speaks against the score"
    return ""


def _laid(at: Place, found: Tensor, record: Tensor) -> Estimate:
    """The sum over features `(feature, …cells)`, each cell's over the part of the record it is of.

    It is the same for every channel.
    """
    leaf = at.leaf(record)
    cells = found.cpu().double().sum(0).flatten()
    return Estimate(cells[leaf], None, leaf, complete=False)


def _cells(estimate: Estimate) -> Tensor:
    """A number for each cell of the layer, however many cells of the record it lies over."""
    leaf, values = estimate.leaf.flatten(), estimate.values.flatten()
    cells = values.new_zeros(int(leaf.max()) + 1).scatter(0, leaf, values)
    return cells[leaf.unique()]
