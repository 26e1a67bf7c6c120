"""Gradients averaged along the straight way from a baseline to the record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tremor.explain.estimate import Estimate
from tremor.explain.slope import Slope


@dataclass(frozen=True)
class IntegratedGradients:
    """Gauss-Legendre, exact for polynomials; nodes double until credits add up.

    From `nodes`, until their sum is within `tolerance` of the gain (relative), or `most` nodes.
    """

    nodes: int = 16
    tolerance: float = 1e-3
    most: int = 512

    def __call__(self, slope: Slope, record: Tensor, backgrounds: Tensor) -> Estimate:
        """Credits of the cells of a record `(…)`, the mean over backgrounds `(background, …)`."""
        *bases, output = slope.scores(torch.cat([backgrounds, record[None]])).tolist()
        gains = [output - base for base in bases]
        each = [self._credits(slope, record, b, g) for b, g in zip(backgrounds, gains, strict=True)]
        return Estimate.singly(torch.stack(each).mean(0), None)

    def _credits(self, slope: Slope, record: Tensor, baseline: Tensor, gain: float) -> Tensor:
        """Against one baseline, with as many nodes as it takes."""
        nodes = self.nodes
        values = _integral(slope, record, baseline, nodes)
        while abs(float(values.sum()) - gain) > self.tolerance * abs(gain) and nodes < self.most:
            nodes = min(2 * nodes, self.most)
            values = _integral(slope, record, baseline, nodes)
        return values


def _integral(slope: Slope, record: Tensor, baseline: Tensor, nodes: int) -> Tensor:
    """A batch at a time, so that memory does not grow with the nodes."""
    places, weights = (torch.from_numpy(x) / 2 for x in np.polynomial.legendre.leggauss(nodes))
    total = torch.zeros(record.shape, dtype=torch.float64)
    batches = zip((places + 0.5).split(slope.batch), weights.split(slope.batch), strict=True)
    for some, share in batches:
        way = some.to(record).view(-1, *[1] * record.ndim)
        gradients = slope(torch.lerp(baseline, record, way))[1]
        total += torch.tensordot(share, gradients, 1)
    return total * (record - baseline).cpu().double()
