"""What is explained: one score per record, a weighted sum of its logits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from tremor.errors import Refused

WHERE = "target"
PAIR = re.compile(r"contrast\(([^,()]+),([^,()]+)\)")


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


@dataclass(frozen=True)
class Fixed:
    """Weights `(class,)` that were settled before, whatever the network says now."""

    weights: Tensor

    def __call__(self, logits: Tensor, label: int | None) -> Tensor:
        return self.weights.to(logits)


def read(text: int | str | bool, classes: Sequence[str]) -> Target:
    """From `predicted`, `true`, a class (by name or number), or `contrast(a,b)` of two."""
    said = words(text)
    pair = PAIR.fullmatch(said)
    if pair:
        a, b = (_class(name.strip(), classes) for name in pair.groups())
        if a == b:
            raise Refused(f"contrast({pair[1]},{pair[2]}) is of one class with itself", WHERE)
        return Contrast(a, b)
    ways: dict[str, Target] = {"predicted": Predicted(), "true": TrueClass()}
    return ways[said] if said in ways else OneClass(_class(said, classes))


def words(text: int | str | bool) -> str:
    """A target as it is written: YAML has made a truth value of `true`."""
    return "true" if text is True else str(text).strip()


def _class(name: str, classes: Sequence[str]) -> int:
    if name in classes:
        return list(classes).index(name)
    if name.isdigit() and int(name) < len(classes):
        return int(name)
    known = ", ".join(classes)
    raise Refused(
        f"{name!r} is no class of this network ({known}), nor a way to choose one",
        WHERE,
        f"{WHERE}=predicted, true, {classes[0]}, or 'contrast({classes[-1]},{classes[0]})'",
    )


def _only(logits: Tensor, index: int) -> Tensor:
    """Weight 1 for one class."""
    if not 0 <= index < len(logits):
        fault = f"class {index} of a network with {len(logits)} classes"
        raise Refused(fault, WHERE, f"a class from 0 to {len(logits) - 1}")
    weights = torch.zeros_like(logits)
    weights[index] = 1.0
    return weights
