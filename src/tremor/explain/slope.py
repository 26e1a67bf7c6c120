"""A score and its gradient: what the gradient methods ask of a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.predict import Predict, logits
from tremor.explain.targets import Target

WITHOUT = "a method without gradients: explainer=timeshap, leverage, owen or occlusion"


@dataclass
class Slope:
    """The score `weights (class,)` of inputs `(sample, …)`, and its gradient with respect to them.

    Works in inference mode, with frozen parameters, and for recurrent layers in evaluation mode.
    At most `batch` inputs go through the network at once; `evaluations` counts them.
    """

    predict: Predict
    weights: Tensor
    batch: int = 64
    evaluations: int = field(default=0, kw_only=True)

    def __call__(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Scores `(sample,)` and gradients `(sample, …)`, in float64 on the CPU."""
        found = [self._gradients(part) for part in inputs.split(self.batch)]
        scores, gradients = (torch.cat(parts) for parts in zip(*found, strict=True))
        return scores, gradients

    def scores(self, inputs: Tensor) -> Tensor:
        """Scores `(sample,)` alone."""
        self.evaluations += len(inputs)
        with torch.inference_mode():
            found = [logits(self.predict, x) @ self.weights for x in inputs.split(self.batch)]
        return _plain(torch.cat(found))

    def _gradients(self, part: Tensor) -> tuple[Tensor, Tensor]:
        self.evaluations += len(part)
        with differentiable():
            inputs = part.detach().clone().requires_grad_()
            scores = logits(self.predict, inputs) @ self.weights.clone()
            if not scores.requires_grad:
                fault = "no gradient comes back from the logits to the input"
                raise Refused(fault, "explainer", WITHOUT)
            (gradients,) = torch.autograd.grad(scores.sum(), inputs)
        return _plain(scores), _plain(gradients)


def _plain(x: Tensor) -> Tensor:
    return x.detach().cpu().double()


@contextmanager
def differentiable() -> Iterator[None]:
    """Gradients on in any mode; cuDNN has those of recurrent layers only while training."""
    cudnn = torch.backends.cudnn.flags(enabled=False)
    with torch.inference_mode(False), torch.enable_grad(), cudnn:
        yield


def slope(
    predict: Predict, record: Tensor, target: Target, label: int | None = None, batch: int = 64
) -> Slope:
    """The slope of one record `(…)`."""
    with torch.inference_mode():
        known = logits(predict, record[None])[0]
    return Slope(predict, target(known, label), batch, evaluations=1)
