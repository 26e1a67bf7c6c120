"""How much a record that has a class counts against one that has it not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from tremor.errors import Refused

KEY = "task.positive_weights"


class PositiveWeights(nn.Module):
    """Weights `(class,)` of the labels 1; 1 where none is given.

    `"balanced"` ones are ones until `learn` has seen all training labels. They are learned anew
    for each fit, and no part of a checkpoint: only training asks for them.
    """

    def __init__(self, classes: Sequence[str], given: str | Mapping[str, float]):
        super().__init__()
        self.classes, self.balanced = tuple(classes), given == "balanced"
        named: Mapping[str, float] = {} if isinstance(given, str) else given
        for name, weight in named.items():
            if name not in self.classes or weight <= 0:
                fault = f"{KEY} gives {name} {weight}; the classes are {', '.join(self.classes)}"
                raise Refused(fault, KEY, f"'{KEY}={{{self.classes[0]}:2.0}}'")
        self.weight: Tensor
        weights = torch.tensor([float(named.get(name, 1.0)) for name in self.classes])
        self.register_buffer("weight", weights, persistent=False)

    def forward(self) -> Tensor:
        return self.weight

    def learn(self, y: Tensor) -> None:
        """From all training labels `(record, class)`: how many 0 there are for each 1."""
        has, lacks = (y == 1).sum(0), (y == 0).sum(0)
        if bool((has == 0).any()) or bool((lacks == 0).any()):
            odd = [c for c, a, b in zip(self.classes, has, lacks, strict=True) if not a * b]
            fault = f"all training records have {', '.join(odd)}, or none has: no balance"
            raise Refused(fault, KEY, f"{KEY}=none, or more records")
        self.weight.copy_(lacks / has)
