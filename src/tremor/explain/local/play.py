"""The way into local games: a record and its backgrounds as a network sees them, with players."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tremor.explain.local.body import Body, Ends
from tremor.explain.local.pieces import Pieces
from tremor.explain.local.stretches import Layout
from tremor.explain.local.worth import LocalWorth
from tremor.explain.predict import Predict


@dataclass(frozen=True)
class Whole:
    """A record and its backgrounds, as a network sees them, with players on them."""

    body: Body
    ends: list[Ends]
    layout: Layout

    @classmethod
    def of(cls, predict: Predict, records: Tensor, labels: Tensor, batch: int) -> Whole | None:
        """None where features see all of a record, or players `(…)` are too short to gain by it.

        `records (1 + background, …)` are the record and its backgrounds.
        """
        if not Layout.long(labels):
            return None
        body = Body.of(predict, records[0])
        layout = None if body is None else Layout.of(body.trunk, labels)
        if body is None or layout is None:
            return None
        ends = body.ends(records, batch)
        return None if ends is None else cls(body, ends, layout)

    @property
    def logits(self) -> Tensor:
        """`(1 + background, class)`."""
        return torch.stack([each.logits for each in self.ends])

    def worth(self, weights: Tensor, batch: int) -> LocalWorth | None:
        """Of the score that weights `(class,)` make; None where a head is in the way."""
        pieces = Pieces.of(self.body, weights)
        base = None if pieces is None else pieces.base(self.ends, self.logits @ weights)
        if pieces is None or base is None:
            return None
        return LocalWorth(pieces, self.ends, base, self.layout, batch)
