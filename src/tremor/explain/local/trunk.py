"""Features that see a bounded piece of time: how far they see is found by running the network."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from tremor.explain.estimators.layers import Layer, Place

SAME = 1e-5  # of the largest feature: rounding of float32, and nothing else
TRIES = 4  # pieces at places drawn by chance
UNFIT = (RuntimeError, ValueError, IndexError, AssertionError)  # of what a network does not take


@runtime_checkable
class Foldable(Protocol):
    """A network that has a faster equal for many evaluations, told by an example `(batch, …)`."""

    def folded(self, example: Tensor) -> nn.Module: ...


@dataclass(frozen=True)
class Trunk:
    """The way to a layer's features `(feature, …, output)`, for records of `samples` or shorter.

    The last axis of a record is cut into blocks of `step` samples. An output sees the block of its
    own number, `back` blocks before it and `ahead` blocks after it, and nothing else.
    """

    network: nn.Module
    layer: Layer
    samples: int
    outputs: int
    step: int
    back: int
    ahead: int

    @property
    def blocks(self) -> int:
        return -(-self.samples // self.step)

    @property
    def sees(self) -> int:
        """Blocks that one output sees."""
        return self.back + 1 + self.ahead

    def seen(self, first: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
        """The first and the last sample that outputs from `first` to `last` see.

        At an end of the record they see all that is near it, since padding may mirror that.
        """
        low, high = first - self.back, last + self.ahead
        final = self.blocks - 1
        near = torch.where(high >= final, low.clamp(max=final - self.sees), low).clamp(min=0)
        far = torch.where(low <= 0, high.clamp(min=self.sees), high).clamp(max=final)
        return near * self.step, ((far + 1) * self.step).clamp(max=self.samples) - 1

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """Samples from and to before which outputs `start` to before `stop` see."""
        first, last = self.seen(torch.tensor(start), torch.tensor(stop - 1))
        return int(first), int(last) + 1

    def __call__(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Features `(piece, feature, …, output)` and logits of pieces `(piece, …, sample)`."""
        found: list[Tensor] = []
        logits = self._watched(inputs, found.append)
        return found[0], logits

    def features(self, inputs: Tensor) -> Tensor:
        """Features alone; what comes after their layer is not run, nor need it take pieces."""
        try:
            self._watched(inputs, _stop)
        except _Reached as end:
            return end.features
        raise RuntimeError(f"{self.layer.name} was not reached")

    def _watched(self, inputs: Tensor, see: Any) -> Tensor:
        calls = 0

        def hook(_: nn.Module, __: Any, output: Any) -> None:
            nonlocal calls
            calls += 1
            if calls == self.layer.call:
                see(output[0] if isinstance(output, tuple) else output)

        handle = self.network.get_submodule(self.layer.name).register_forward_hook(hook)
        try:
            found: Tensor = self.network(inputs)
            return found
        finally:
            handle.remove()


class _Reached(Exception):
    """The layer was reached: nothing beyond it has to be run."""

    def __init__(self, features: Tensor):
        super().__init__()
        self.features = features


def _stop(features: Tensor) -> None:
    raise _Reached(features)


@torch.inference_mode()
def probed(at: Place, record: Tensor) -> Trunk | None:
    """The trunk of a network for records like this `(…, sample)`; None where no reach is found."""
    outputs, samples = at.layer.shape[-1], record.shape[-1]
    step = max(1, round(samples / outputs))
    whole = Trunk(copy.copy(at.network), at.layer, samples, outputs, step, 0, 0)
    found = _reached(whole, record)
    if found is None:
        return None
    back, ahead = found
    network = whole.network
    if isinstance(network, Foldable):
        network = network.folded(record[None])
    trunk = Trunk(network, at.layer, samples, outputs, step, back, ahead)
    return trunk if 4 * trunk.sees <= outputs and _holds(trunk, record) else None


def _reached(whole: Trunk, record: Tensor) -> tuple[int, int] | None:
    """How many blocks an output sees before and after its own: not-a-numbers spread as far."""
    middle = whole.outputs // 2
    before, after = noise(record), noise(record)
    before[..., : middle * whole.step] = torch.nan
    after[..., middle * whole.step :] = torch.nan
    try:
        found = [whole.features(x[None])[0] for x in (before, after)]
    except UNFIT:
        return None
    free, kept = (x.flatten(0, -2).isfinite().all(0).nonzero() for x in found)
    if not len(free) or not len(kept):
        return None
    return max(0, int(free[0]) - middle), max(0, middle - 1 - int(kept[-1]))


def noise(record: Tensor, seed: int = 0) -> Tensor:
    """Normal numbers of a record's shape, level and size; drawn on the CPU."""
    drawn = torch.randn(record.shape, generator=torch.Generator().manual_seed(seed)).to(record)
    return record.mean() + drawn * record.std().clamp(min=torch.finfo(record.dtype).tiny)


def _holds(trunk: Trunk, record: Tensor) -> bool:
    """Whether pieces give the features that the whole gives: at both ends, and in between."""
    x = noise(record, 1)
    whole = trunk.features(x[None])[0]
    if whole.shape[-1] != trunk.outputs:
        return False
    limit = SAME * float(whole.abs().max())
    for start, stop in _trials(trunk):
        first, last = trunk.span(start, stop)
        skip = start - first // trunk.step
        try:
            piece = trunk.features(x[None, ..., first:last])[0]
        except UNFIT:
            return False
        own = piece[..., skip : skip + stop - start]
        wanted = whole[..., start:stop]
        if own.shape != wanted.shape or float((own - wanted).abs().max()) > limit:
            return False
    return True


def _trials(trunk: Trunk) -> Iterator[tuple[int, int]]:
    """Outputs to try: single ones and longer stretches."""
    most, wide = trunk.outputs, min(trunk.outputs // 2, trunk.sees + 3)
    generator = torch.Generator().manual_seed(0)
    drawn = torch.randint(0, most - wide, (TRIES,), generator=generator).tolist()
    for start in (0, 1, *drawn, most - wide):
        yield start, start + wide
    for start in (0, *drawn[:2], most - 1):
        yield start, start + 1
