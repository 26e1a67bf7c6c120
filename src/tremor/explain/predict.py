"""What is explained: a function from inputs to logits, checked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from tremor.errors import Refused

Predict = Callable[[Tensor], Tensor]  # (batch, …) to logits (batch, class)


def logits(predict: Predict, inputs: Tensor) -> Tensor:
    """Logits `(batch, class)`, checked, in float32 or better."""
    if isinstance(predict, nn.Module) and predict.training:
        raise Refused("the network is in training mode", "predict", "network.eval()")
    found = predict(inputs)
    if found.ndim != 2 or len(found) != len(inputs):
        fault = f"predict gave shape {tuple(found.shape)} for {len(inputs)} inputs"
        raise Refused(fault, "predict", "logits of shape (batch, class)")
    if not bool(found.isfinite().all()):
        raise Refused("predict gave logits that are not finite", "predict", "another fill or model")
    return found.to(torch.promote_types(found.dtype, torch.float32))


def of_arrays(predict: Callable[[Any], Any]) -> Predict:
    """A function of NumPy arrays (Keras, ONNX) as one of tensors."""
    return lambda inputs: torch.as_tensor(predict(inputs.detach().cpu().numpy())).to(inputs.device)
