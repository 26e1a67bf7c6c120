"""A score as a constant and a sum over the steps of a record, found by trying."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.estimators.head_cam import Head
from tremor.explain.estimators.layers import Place
from tremor.explain.local.body import Body, Ends
from tremor.explain.local.trunk import Trunk
from tremor.explain.predict import Predict

RESTING = 1e-5  # of the credits' size: rounding of float32, and nothing else


@dataclass(frozen=True)
class Pieces:
    """The score `base + Σ head · features`, output by output.

    `head (feature, …, output)` is what the score's weights make of a feature; of one output, if it
    is the same for all.
    """

    trunk: Trunk
    head: Tensor

    @classmethod
    def probe(cls, predict: Predict, record: Tensor, weights: Tensor) -> Pieces | None:
        """The pieces of a score for records like this `(…, sample)`; None where there are none."""
        body = Body.of(predict, record)
        return None if body is None else cls.of(body, weights)

    @classmethod
    def of(cls, body: Body, weights: Tensor) -> Pieces | None:
        """Of the score that weights `(class,)` make; None where it is not linear in features."""
        for own, known in body.heads:
            if torch.equal(own, weights):
                return None if known is None else cls(body.trunk, known)
        head = _head(body.at, body.example, weights)
        body.heads.append((weights.clone(), head))
        return None if head is None else cls(body.trunk, head)

    @torch.inference_mode()
    def credits(self, features: Tensor, start: int = 0) -> Tensor:
        """What each output adds to the score: `(piece, output)` from features, in float64."""
        flat = features.flatten(1, -2)
        head = self.head.flatten(0, -2)
        if head.shape[-1] == 1:
            return torch.matmul(head[:, 0], flat).double()
        return (flat * head[:, start : start + flat.shape[-1]]).sum(1).double()

    def base(self, ends: list[Ends], scores: Tensor) -> float | None:
        """What whole records `(record,)` score beyond their credits; None where they disagree."""
        credits = torch.stack([self.credits(each.features[None])[0] for each in ends])
        left = scores - credits.sum(1).to(scores)
        limit = RESTING * max(float(scores.abs().max()), float(credits.abs().sum(1).max()))
        return float(left[0]) if float((left - left[0]).abs().max()) <= limit else None


def _head(at: Place, example: Tensor, weights: Tensor) -> Tensor | None:
    """The gradient of a score at the features, if the score is linear in them and in nothing else.

    The example is taken as it is, features are changed in all the ways of the exact map of a head.
    """
    try:
        features, gradient, output = at.pulled(example, weights)
        head = Head(at, example, weights)
        base = head.score(torch.zeros_like(features))
        head.refuse_bent(features, gradient, base, output)
        head.refuse_passed_by(features, output)
    except Refused:
        return None
    same = bool((gradient == gradient[..., :1]).all())
    return gradient[..., :1].clone() if same else gradient
