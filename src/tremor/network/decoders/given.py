"""No decoder: what the model gives is the answer."""

from __future__ import annotations

from torch import Tensor, nn

from tremor.errors import Refused


class Given(nn.Module):
    """`(batch, class, 1)` to logits `(batch, class)`, as the model has them."""

    def __init__(self, in_shape: tuple[int, ...], num_classes: int):
        super().__init__()
        if in_shape != (num_classes, 1):
            axes = " x ".join(map(str, in_shape))
            fault = f"the model gives {axes}, not a logit for each of {num_classes} classes"
            raise Refused(fault, "decoder", "decoder=pooled, or a model that gives logits")

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        return x[..., 0]
