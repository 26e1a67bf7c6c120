"""What decoders of several heads share: a head asks one question, its first class is background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import nn

from tremor.errors import Refused
from tremor.network.demands import not_below, share

Heads = Mapping[str, Sequence[str]]
"""The classes of each head by its name, in the order of the logits."""


def sizes_of(heads: Heads) -> list[int]:
    """How many classes each head has: two or more, each once."""
    if not heads:
        raise Refused("there is no head: nothing is asked", "dataset.heads", "another dataset")
    for head, classes in heads.items():
        if len(set(classes)) < max(2, len(classes)):
            fault = f"the head {head} has the classes {list(classes)}"
            raise Refused(fault, f"dataset.heads.{head}", "two classes or more, each once")
    return [len(classes) for classes in heads.values()]


def refuse_odd(hidden: int | None, dropout: float) -> None:
    """The settings that `head` has in every decoder."""
    share("decoder.dropout", dropout)
    if hidden is not None:
        not_below("decoder", hidden=hidden)


def head(features: int, size: int, hidden: int | None, dropout: float) -> nn.Sequential:
    """`(batch, features)` to `(batch, size)`: a norm and a hidden layer, or one linear map."""
    if hidden is None:
        return nn.Sequential(nn.Dropout(dropout), nn.Linear(features, size))
    return nn.Sequential(
        nn.LayerNorm(features),
        nn.Dropout(dropout),
        nn.Linear(features, hidden),
        nn.GELU(),
        nn.Dropout(dropout / 2),
        nn.Linear(hidden, size),
    )
