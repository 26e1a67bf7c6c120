"""Deletion and insertion of an ECG's tokens and of all the rest, in steps of equal area.

Area is seconds x leads. Tokens go by their evidence per area, what supports the class first and
what speaks against it last; those of equal evidence go together, so that no order is made up.
Random orders and an empty explanation, for which everything goes at once, are the floors.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.audit.curves import Curve, Curves, Deletion
from tremor.explain.audit.cut import Score, cut
from tremor.explain.fills import Fill
from tremor.explain.heart.plausibility import Row
from tremor.explain.heart.tokens import Seen, Tokens

SUFFIXES = ("", "_second")
"""Of the columns of the first fill and of the second."""


@dataclass(frozen=True)
class Faithfulness:
    """Deletes with each of two `fills`, in so many `steps`, beside `orders` random ones.

    What is no token is cut into pieces of `rest` s. At most `batch` inputs are scored at once.
    """

    fills: Mapping[str, Fill]
    steps: int = 10
    orders: int = 4
    rest: float = 0.2
    batch: int = 32

    def __post_init__(self) -> None:
        if not 1 <= len(self.fills) <= len(SUFFIXES):
            fault = f"{len(self.fills)} fills to delete with"
            raise Refused(fault, "faithfulness", "one fill or, better, two different ones")

    def rows(
        self,
        maps: Sequence[NDArray[Any]],
        seen: Seen,
        tokens: Tokens,
        predict: Score,
        seed: int = 0,
    ) -> list[Row]:
        """A row for each explanation `(lead, time)` of one record, all in one go for each fill.

        `predict` takes inputs `(batch, lead, time)` to the class's logits `(batch,)`.
        """
        found: list[Row] = [{} for _ in maps]
        for suffix, fill in zip(SUFFIXES, self.fills.values(), strict=False):
            *curves, empty = self.curves(maps, seen, tokens, predict, fill, seed)
            for row, one in zip(found, curves, strict=True):
                row |= starts(one)
                row |= {name + suffix: value for name, value in columns(one, empty).items()}
        return found

    def curves(
        self,
        maps: Sequence[NDArray[Any]],
        seen: Seen,
        tokens: Tokens,
        predict: Score,
        fill: Fill,
        seed: int = 0,
    ) -> list[Curves]:
        """The curves (logits) of each explanation `(lead, time)`, and of an empty one after."""
        whole = torch.from_numpy(np.array(seen.signal, np.float32))
        record, beyond = whole[:, : seen.steps], whole[:, seen.steps :]

        def score(inputs: Tensor) -> Tensor:
            return predict(torch.cat([inputs, beyond.expand(len(inputs), -1, -1)], 2))

        leaf = pieces(seen, tokens, self.rest)
        parts = cut(score, record, fill(record), leaf, batch=self.batch)
        told = [torch.from_numpy(np.array(m, np.float64)[:, : seen.steps]) for m in maps]
        deletion = Deletion(self.steps, self.orders, seed)
        return deletion.several(parts, [*told, torch.zeros(record.shape)])


def pieces(seen: Seen, tokens: Tokens, rest: float) -> Tensor:
    """Parts `(lead, time)` that are deleted as one: tokens, and pieces of at most `rest` s."""
    step = max(1, round(rest * seen.rate))
    starts = set(tokens.start.tolist())
    edges = sorted({0, seen.steps} | starts | set(tokens.stop.tolist()))
    cuts = torch.zeros(seen.steps, dtype=torch.int64)
    for a, b in itertools.pairwise(edges):
        cuts[a : b : b - a if a in starts else step] = 1
    columns = cuts.cumsum(0) - 1
    leads = torch.arange(len(seen.leads))[:, None]
    return leads * int(columns[-1] + 1) + columns


def starts(curves: Curves) -> Row:
    """What the record itself reaches, whatever it is filled with."""
    chance = float(torch.tensor(curves.full, dtype=torch.float64).sigmoid())
    return {"start_logit": curves.full, "start_probability": chance}


def columns(curves: Curves, empty: Curves) -> Row:
    """Areas as shares of where they start, and how far they are from those of random orders."""
    gain = curves.scale
    most, inserted = curves.most_first, curves.insertion
    return {
        "deletion_auc": _area(most, curves.full),
        "deletion_auc_random": _mean_area(curves.random, curves.full),
        "deletion_auc_empty": _area(empty.most_first, curves.full),
        "insertion_auc": _area(inserted, curves.full),
        "insertion_auc_random": _mean_area(curves.random, curves.full),
        "insertion_auc_empty": _area(empty.insertion, curves.full),
        "deletion_auc_logit": _logit_area(most, curves.full),
        "insertion_auc_logit": _logit_area(inserted, curves.full),
        "deletion_auc_logit_random": _mean_logit_area(curves),
        "faithfulness_gain": None if gain is None else (curves.random_area - most.area) / gain,
        "insertion_gain": None if gain is None else (inserted.area - curves.random_area) / gain,
        "random_orders_beaten": curves.beaten,
        "end_logit": curves.empty,
    }


def _area(curve: Curve, full: float) -> float:
    """The mean probability over all shares of area, over that of the whole record."""
    chances = replace(curve, scores=curve.scores.sigmoid())
    return chances.area / float(torch.tensor(full, dtype=torch.float64).sigmoid())


def _mean_area(curves: Sequence[Curve], full: float) -> float:
    return sum(_area(curve, full) for curve in curves) / len(curves)


def _logit_area(curve: Curve, full: float) -> float | None:
    """The mean logit over that of the whole record; None where that is not above 0."""
    return curve.area / full if full > 0 else None


def _mean_logit_area(curves: Curves) -> float | None:
    return curves.random_area / curves.full if curves.full > 0 else None
