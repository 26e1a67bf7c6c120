"""Hiding steps from a network that is to say what was there."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.network.demands import not_below, steps_of
from tremor.network.network import Network


class Hide(nn.Module):
    """Puts one learned vector in the place of hidden steps: `(batch, feature, step)`."""

    def __init__(self, features: int):
        super().__init__()
        self.vector = nn.Parameter(torch.rand(features))

    def forward(self, x: Tensor, hidden: Tensor) -> Tensor:
        return torch.where(hidden[:, None], self.vector.to(x.dtype)[None, :, None], x)


def refuse_other_steps(network: Network) -> None:
    """What is told of a hidden step needs a model that keeps the encoder's steps."""
    _, steps = steps_of(network.encoder.out_shape, "pretraining")
    kept = network.model.out_shape[-1]
    if kept != steps:
        fault = f"the model gives {kept} steps for the encoder's {steps}; pretraining needs each"
        raise Refused(fault, "model", "model=xlstm_unet or model=wav2vec2_like")


def refuse_no_spans(mask_share: float, mask_span: int) -> None:
    """Spans of at least a step that cover something."""
    if not 0 < mask_share <= 1:
        fault = f"task.mask_share is {mask_share}, must be above 0 and at most 1"
        raise Refused(fault, "task.mask_share", "task.mask_share=0.65")
    not_below("task", mask_span=mask_span)
