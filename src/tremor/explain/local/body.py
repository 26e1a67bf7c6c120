"""What is known of a network for records of one shape: found once, and remembered with it."""

from __future__ import annotations

import copy
import weakref
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain.estimators.layers import Place, feature_maps
from tremor.explain.local.trunk import SAME, Trunk, noise, probed
from tremor.explain.predict import Predict, logits

KEPT = 8  # whole records whose features are remembered
Kind = tuple[torch.Size, torch.dtype, torch.device]


@dataclass(frozen=True)
class Ends:
    """A whole record `(…, sample)`, its logits `(class,)` and its features."""

    record: Tensor
    logits: Tensor
    features: Tensor


@dataclass
class Body:
    """A network whose features see a bounded piece of time.

    `example (…, sample)` is what it was tried on, up to the end of a record; `heads` are those of
    the weights that were asked for, None where the score is not linear in the features.
    """

    at: Place
    trunk: Trunk
    example: Tensor
    heads: list[tuple[Tensor, Tensor | None]] = field(default_factory=list)
    known: list[Ends] = field(default_factory=list)

    @classmethod
    def of(cls, predict: Predict, record: Tensor) -> Body | None:
        """None for a function, and for a network whose features see all of a record."""
        if not isinstance(predict, nn.Module) or record.ndim < 2:
            return None
        state, kind = _state(predict), (record.shape, record.dtype, record.device)
        bodies = _BODIES.setdefault(predict, {})
        if kind not in bodies or not torch.equal(bodies[kind][0], state):
            bodies[kind] = state, _found(copy.copy(predict), record.detach())
        return bodies[kind][1]

    @torch.inference_mode()
    def ends(self, records: Tensor, batch: int) -> list[Ends] | None:
        """Of whole records `(record, …, sample)`; None where what is behind their end matters."""
        found = [self._recalled(x) for x in records]
        fresh = [place for place, known in enumerate(found) if known is None]
        for places in (fresh[at : at + batch] for at in range(0, len(fresh), batch)):
            part = records[places]
            features, own = self.trunk(part[..., : self.trunk.samples])
            if not self._whole(part, own):
                return None
            for place, *each in zip(places, part, own, features, strict=True):
                found[place] = Ends(*each)
        ends = [each for each in found if each is not None]
        self.known = [*self.known, *(ends[place] for place in fresh)][-KEPT:]
        return ends

    def _whole(self, records: Tensor, found: Tensor) -> bool:
        """Whether logits up to the end are finite, and those of the whole records."""
        if not bool(found.isfinite().all()):
            return False
        return self.trunk.samples == records.shape[-1] or close(
            logits(self.at.network, records), found
        )

    def _recalled(self, record: Tensor) -> Ends | None:
        return next((each for each in self.known if torch.equal(each.record, record)), None)


_BODIES: weakref.WeakKeyDictionary[nn.Module, dict[Kind, tuple[Tensor, Body | None]]] = (
    weakref.WeakKeyDictionary()
)


def close(a: Tensor, b: Tensor) -> bool:
    """Whether logits are equal to rounding."""
    return float((a - b).abs().max()) <= SAME * max(1e-30, float(a.abs().max()))


def _state(network: nn.Module) -> Tensor:
    """Numbers that change with any weight: one sum a tensor."""
    parts = [*network.parameters(), *network.buffers()]
    return torch.tensor([float(x.detach().double().sum()) for x in parts])


def _found(network: nn.Module, record: Tensor) -> Body | None:
    try:
        at = _at(network, record)
        example = noise(record)[..., : _end(at, record)]
        if example.shape != record.shape:
            at = _at(network, example)
        trunk = probed(at, example)
    except Refused:
        return None
    return None if trunk is None else Body(at, trunk, example)


def _at(network: nn.Module, record: Tensor) -> Place:
    """The last layer of a network that has a map."""
    maps = feature_maps(network, record)
    if not maps:
        raise Refused("no layer of the network gives a map", "explainer.layer")
    return Place(network, maps[-1], maps)


def _end(at: Place, record: Tensor) -> int:
    """Samples up to the record's end: what is behind it makes no difference to the score."""
    samples, outputs = record.shape[-1], at.layer.shape[-1]
    weights = torch.randn(_classes(at, record), generator=torch.Generator().manual_seed(0))
    pull = at.pulled(noise(record), weights.to(record))[1]
    counts = pull.flatten(0, -2).abs().amax(0).nonzero()
    if not len(counts):
        raise Refused("features make no difference to the logits", "explainer.layer")
    last, step = int(counts[-1]), max(1, round(samples / outputs))
    if last == outputs - 1:
        return samples
    low, high = last * step, min(samples, (last + 2) * step)  # it ends above low, at most at high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _ends(at, record, middle) else (middle, high)
    return high


@torch.inference_mode()
def _ends(at: Place, record: Tensor, samples: int) -> bool:
    """Whether a record scores the same without what is behind so many samples."""
    tried = torch.cat([noise(record)[..., :samples], record[..., samples:]], -1)[None]
    return close(logits(at.network, tried), logits(at.network, tried[..., :samples]))


def _classes(at: Place, record: Tensor) -> int:
    with torch.inference_mode():
        return logits(at.network, record[None]).shape[1]
