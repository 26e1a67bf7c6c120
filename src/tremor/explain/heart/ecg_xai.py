"""The scores of the toolkit before us (ecg-xai), so that its numbers can be had again.

They are circular: with its priors, four fifths of a token's score is the answer key, and an empty
explanation reaches 0.85. Every table and figure made with them says so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tremor.explain.heart.claims import Claims, Diagnosis
from tremor.explain.heart.plausibility import Row, aim, masses
from tremor.explain.heart.tokens import Bools, Floats, Seen, Tokens, labels, overlapping

CIRCULAR = "circular: the answer key is blended into the scores"
BLEND = 0.8
SHARES = (0.05, 0.1, 0.2, 0.3)  # of the time of claimed tokens, deleted
TOP = 20

Chance = Callable[[Tensor], Tensor]  # inputs (batch, lead, time) to probabilities (batch,)


@dataclass(frozen=True)
class EarlierScores:
    """Of one record and class, `blend` of them the prior; 0 leaves the explanation alone.

    `seen` is the whole record, as the earlier evaluation has it, or what the model sees of it.
    """

    claims: Claims
    blend: float = BLEND

    @property
    def scoring(self) -> str:
        """What these scores are called in tables."""
        return f"ecg_xai, {'with' if self.blend else 'without'} priors"

    @property
    def stamp(self) -> str:
        """What every table and figure of them must say."""
        return CIRCULAR if self.blend else ""

    def row(
        self,
        values: NDArray[Any],
        seen: Seen,
        key: str,
        chance: Chance | None = None,
        maxlen: int = 5000,
    ) -> Row:
        """The earlier columns of `values (lead, time)`; without `chance` nothing is deleted."""
        diagnosis = self.claims.of(key)
        tokens = overlapping(seen, self.claims, diagnosis)
        strict, lenient = labels(tokens, seen, self.claims, diagnosis)
        scores = self.scores(values, tokens, diagnosis)
        found: Row = {
            "strict_attauc": aim(scores, strict, TOP).attauc,
            "lenient_attauc": aim(scores, lenient, TOP).attauc,
            "precision_k": float(TOP),
            "strict_p_at_k": _last_at(scores, strict),
            "lenient_p_at_k": _last_at(scores, lenient),
            "deletion_auc": None,
            "faithfulness_gain": None,
            "n_tokens": float(tokens.count),
        }
        if chance is not None and lenient.any():
            found |= deleted(scores, lenient, tokens, seen, chance, maxlen)
        return found

    def scores(self, values: NDArray[Any], tokens: Tokens, diagnosis: Diagnosis) -> Floats:
        """Scores `(lead, span)`: s x |weight| over the largest, blended with 1 on prior leads."""
        found = masses(values, tokens)
        top = found.max(initial=0.0)
        prior = np.array([lead in diagnosis.prior for lead in tokens.leads], np.float64)
        own = found / top if top > 0 else found
        return np.asarray(self.blend * prior[:, None] + (1 - self.blend) * own)


def _last_at(scores: Floats, claimed: Bools) -> float | None:
    """Precision of the 20 highest; of equals the last ones, as the earlier code has it."""
    few = min(TOP, scores.size)
    order = scores.ravel().argsort(kind="stable")
    return float(claimed.ravel()[order[-few:]].mean()) if few else None


def deleted(
    scores: Floats, claimed: Bools, tokens: Tokens, seen: Seen, chance: Chance, maxlen: int
) -> Row:
    """Area under the probability over [0, 0.3] of the claimed time deleted, by trapezoids.

    Only claimed tokens are deleted, the highest first, and set to zero; against them tokens that
    are not claimed, at random, of equal time. The area is at most 0.3 times the starting
    probability. Equal scores go in the order of tokens, where the earlier code left it to chance.
    """
    ranked = np.argsort(-scores[claimed], kind="stable")
    mine = np.flatnonzero(claimed)[ranked]
    others = np.random.default_rng(0).permutation(np.flatnonzero(~claimed))
    seconds = np.broadcast_to(tokens.seconds, scores.shape).ravel()
    total = seconds[mine].sum()
    ways = [_until(way, seconds, share * total) for way in (mine, others) for share in SHARES]
    start = torch.as_tensor(seen.signal, dtype=torch.float32)
    inputs = torch.stack([start, *(_without(start, way, tokens) for way in ways)])
    p = chance(inputs[..., :maxlen]).double().cpu().numpy()
    curve, control = np.concatenate([p[:1], p[1:5]]), p[5:9]
    area = float((np.diff([0.0, *SHARES]) * (curve[1:] + curve[:-1]) / 2).sum())
    return {"deletion_auc": area, "faithfulness_gain": float((control - curve[1:]).mean())}


def _until(order: NDArray[np.int64], seconds: Floats, wanted: float) -> NDArray[np.int64]:
    """The first tokens of an order, until they last as long as wanted."""
    reached = seconds[order].cumsum()
    return order[: int(np.searchsorted(reached, wanted - 1e-9)) + 1]


def _without(record: Tensor, gone: NDArray[np.int64], tokens: Tokens) -> Tensor:
    """The record with tokens set to zero."""
    left = record.clone()
    for token in gone.tolist():
        lead, span = divmod(token, len(tokens.start))
        left[lead, int(tokens.start[span]) : int(tokens.stop[span])] = 0
    return left
