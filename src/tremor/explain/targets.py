"""What is explained: one score per record, a weighted sum of its logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from tremor.errors import Refused

WHERE = "explainer.target"


class Target(Protocol):
    """Weights `(class,)` that make a score of the record's logits `(class,)`."""

    def __call__(self, logits: Tensor, label: int | None) -> Tensor: ...


@dataclass(frozen=True)
class OneClass:
    """The logit of one class, whatever the record."""

    index: int

    def __call__(self, logits: Tensor, label: int | None) -> Tensor:
        return _only(logits, self.index)


@dataclass(frozen=True)
class Predicted:
    """The logit of the class that the network decides for on the record as it is."""

    def __call__(self, logits: Tensor, label: int | None) -> Tensor:
        return _only(logits, int(logits.argmax()))


@dataclass(frozen=True)
class TrueClass:
    """The logit of the record's label."""

    def __call__(self, logits: Tensor, label: int | None) -> Tensor:
        if label is None:
            raise Refused("the record has no label", WHERE, f"{WHERE}=predicted")
        return _only(logits, label)


@dataclass(frozen=True)
class Contrast:
    """The logit of class `a` less that of class `b`: one question for every record."""

    a: int
    b: int

    def __call__(self, logits: Tensor, label: int | None) -> Tensor:
        return _only(logits, self.a) - _only(logits, self.b)


def _only(logits: Tensor, index: int) -> Tensor:
    """Weight 1 for one class."""
    if not 0 <= index < len(logits):
        fault = f"class {index} of a network with {len(logits)} classes"
        raise Refused(fault, WHERE, f"a class from 0 to {len(logits) - 1}")
    weights = torch.zeros_like(logits)
    weights[index] = 1.0
    return weights
