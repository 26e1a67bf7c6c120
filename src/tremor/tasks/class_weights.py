"""How much each class of a head counts in the loss: all the same, as given, or rare ones more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.network.decoders.heads import Heads

KEY = "task.class_weights"


class ClassWeights(nn.Module):
    """Weights `(class,)` of each head in their order, kept with the network.

    `"balanced"` ones are ones until `learn` has seen all training labels.
    """

    def __init__(self, heads: Heads, given: str | Mapping[str, Sequence[float]], power: float):
        super().__init__()
        self.balanced, self.power, self.heads = given == "balanced", power, tuple(heads)
        named: Mapping[str, Sequence[float]] = {} if isinstance(given, str) else given
        refuse_misfits(heads, named)
        for place, (head, classes) in enumerate(heads.items()):
            weights = torch.tensor(named.get(head, [1.0] * len(classes)), dtype=torch.float32)
            self.register_buffer(f"weight{place}", weights)

    def forward(self) -> list[Tensor]:
        return [getattr(self, f"weight{place}") for place in range(len(self.heads))]

    def learn(self, y: Tensor) -> None:
        """From all training labels `(record, head)`; unknown ones (-1) do not count."""
        for head, labels, weight in zip(self.heads, y.unbind(1), self(), strict=True):
            counts = torch.bincount(labels[labels >= 0], minlength=len(weight))
            if not counts.any():
                fault = f"no training record has a known {head}"
                raise Refused(fault, KEY, f"{KEY}=none, or another split")
            weight.copy_(balanced(counts, self.power))


def balanced(counts: Tensor, power: float = 1.0) -> Tensor:
    """Weights `(class,)` in inverse proportion to the records of each class, to some power.

    Their mean over the records is 1; with `power=1` they are N / (K n) for N records and the K
    classes that occur. A class without any record counts as if it had one.
    """
    inverse = counts.double().clamp(min=1) ** -power
    return (inverse * counts.sum() / (counts * inverse).sum()).float()


def refuse_misfits(heads: Heads, given: Mapping[str, Sequence[float]]) -> None:
    """Given weights are for heads that there are: one for each class, none below 0, not all 0."""
    for head, weights in given.items():
        classes = heads.get(head)
        if classes is None:
            remedy = f"heads among {', '.join(heads)}, or {KEY}=balanced"
            raise Refused(f"{KEY} has weights of {head}, which is no head", KEY, remedy)
        if len(weights) != len(classes) or min(weights) < 0 or max(weights) <= 0:
            fault = f"{KEY}.{head} is {list(weights)}, for the classes {', '.join(classes)}"
            ones = "[" + ",".join(["1.0"] * len(classes)) + "]"
            raise Refused(fault, f"{KEY}.{head}", f"'{KEY}={{{head}:{ones}}}'")
