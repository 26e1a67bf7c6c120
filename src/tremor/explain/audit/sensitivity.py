"""Sensitivity-n: whether the credits of some parts tell what the score loses without them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from tremor.explain.audit.cut import Cut, correlation, flat
from tremor.explain.audit.intervals import mean_known


@dataclass(frozen=True)
class Sensitivity:
    """For each of `sizes`, how many parts go, the `correlations` of credit and loss.

    `chance` is the mean correlation of random maps of the same parts: not zero where parts differ
    in area. Both None where the score never changed.
    """

    sizes: tuple[int, ...]
    correlations: tuple[float | None, ...]
    chance: tuple[float | None, ...]
    evaluations: int

    @property
    def value(self) -> float | None:
        """The mean over sizes."""
        return mean_known(self.correlations)

    @property
    def random(self) -> float | None:
        """The same for random maps."""
        return mean_known(self.chance)


@dataclass(frozen=True)
class SensitivityN:
    """`subsets` of each of about `sizes` sizes, from one part to all but one, evenly in the log.

    A map without contrast explains nothing: its correlation is 0.
    """

    sizes: int = 6
    subsets: int = 40
    randoms: int = 20
    seed: int = 0

    def __call__(self, parts: Cut, attribution: Tensor) -> Sensitivity:
        """Of a map `(*cells)`."""
        generator = torch.Generator().manual_seed(self.seed)
        sizes = log_grid(parts.count - 1, self.sizes)
        if not sizes:
            return Sensitivity((), (), (), 0)
        credits = parts.credits(attribution)
        gone = torch.cat([self._subsets(parts.count, n, generator) for n in sizes])
        everything = torch.zeros(1, parts.count, dtype=torch.bool)
        worth = parts.worth(~torch.cat([everything, gone]))
        null = self._random_maps(credits / parts.area, generator) * parts.area
        found, chance = [], []
        for some, left in zip(gone.split(self.subsets), worth[1:].split(self.subsets), strict=True):
            steady = flat(left, float(worth.abs().max()))
            loss, told = worth[0] - left, some.double()
            found.append(None if steady else _follows(told @ credits, loss))
            chance.append(None if steady else mean_known([_follows(told @ m, loss) for m in null]))
        return Sensitivity(tuple(sizes), tuple(found), tuple(chance), len(worth) * parts.cost)

    def _subsets(self, count: int, size: int, generator: torch.Generator) -> Tensor:
        """`(subset, part)`: true for `size` parts each."""
        order = torch.rand(self.subsets, count, generator=generator).argsort(1).argsort(1)
        return order < size

    def _random_maps(self, density: Tensor, generator: torch.Generator) -> Tensor:
        """`(map, part)`: the same credits per area, dealt to other parts."""
        count = len(density)
        drawn = [torch.randperm(count, generator=generator) for _ in range(self.randoms)]
        return density[torch.stack(drawn)]


def log_grid(most: int, many: int) -> list[int]:
    """Up to `many` whole numbers from 1 to `most`, evenly in the log."""
    if most < 1:
        return []
    return sorted({int(n) for n in np.rint(np.geomspace(1, most, many))})


def _follows(told: Tensor, loss: Tensor) -> float:
    found = correlation(told, loss)
    return 0.0 if found is None else found
