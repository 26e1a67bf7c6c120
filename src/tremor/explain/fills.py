"""Fills: what stands in for the cells of players who are absent.

Each takes a record `(…)` to backgrounds `(background, …)` on its device; a coalition's worth is
the mean over backgrounds.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch
from torch import Tensor
from torch.nn.functional import conv1d, pad

from tremor.errors import Refused

F = TypeVar("F")
REACH = 4  # standard deviations of a blur's kernel, each way


class Fill(Protocol):
    """Backgrounds `(background, …)` for a record `(…)`."""

    def __call__(self, record: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Zero:
    """Nothing."""

    def __call__(self, record: Tensor) -> Tensor:
        return torch.zeros_like(record)[None]


@dataclass(frozen=True)
class Mean:
    """The mean over the training set, of the record's shape or one that spreads to it."""

    mean: Tensor

    def __call__(self, record: Tensor) -> Tensor:
        return self.mean.to(record).expand_as(record)[None]


@dataclass(frozen=True)
class Noise:
    """Normal noise about zero with the record's own standard deviation along its last axis.

    Noise is drawn on the CPU: the same for every device.
    """

    draws: int = 4
    level: float = 1.0
    seed: int = 0

    def __call__(self, record: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed)
        noise = torch.randn(self.draws, *record.shape, generator=generator).to(record)
        return noise * self.level * record.std(-1, correction=0, keepdim=True)


@dataclass(frozen=True)
class Blur:
    """The record through a Gaussian along some axes; null takes every one but the first.

    `share` is its standard deviation, as a share of the axis.
    """

    share: float = 0.1
    along: tuple[int, ...] | None = None

    def __call__(self, record: Tensor) -> Tensor:
        if not 0 < self.share <= 1:
            fault = f"a blur over {self.share:g} of each axis"
            raise Refused(fault, "explainer.fills.blur.share", "a share above 0, at most 1")
        for axis in self.along or range(1, record.ndim):
            record = _smooth(record, axis, self.share * record.shape[axis])
        return record[None]


@dataclass(frozen=True)
class Samples:
    """A few records `(record, …)` of the training set, drawn without replacement."""

    records: Tensor
    draws: int = 8
    seed: int = 0

    def __call__(self, record: Tensor) -> Tensor:
        if not 0 < self.draws <= len(self.records):
            fault = f"{self.draws} of {len(self.records)} background records"
            key = "explainer.fills.samples.draws"
            raise Refused(fault, key, f"{key}={min(8, len(self.records))}")
        generator = torch.Generator().manual_seed(self.seed)
        drawn = torch.randperm(len(self.records), generator=generator)[: self.draws]
        return self.records[drawn].to(record)


def two_others(fills: Mapping[str, F], own: str | None) -> dict[str, F]:
    """The first two fills that are not an explainer's `own`: what it is judged by."""
    return dict([(name, fill) for name, fill in fills.items() if name != own][:2])


def _smooth(x: Tensor, axis: int, sigma: float) -> Tensor:
    """Convolved with a normal density along one axis; beyond the ends the end values go on."""
    reach = math.ceil(REACH * sigma)
    steps = torch.arange(-reach, reach + 1, dtype=x.dtype, device=x.device)
    kernel = torch.exp(-0.5 * (steps / sigma) ** 2)
    last = x.movedim(axis, -1)
    rows = pad(last.reshape(-1, 1, last.shape[-1]), (reach, reach), mode="replicate")
    return conv1d(rows, (kernel / kernel.sum())[None, None]).view(last.shape).movedim(-1, axis)
