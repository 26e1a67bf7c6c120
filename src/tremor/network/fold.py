"""Networks for many evaluations and no training: batch norms as part of the convolutions.

In evaluation mode a batch norm multiplies and shifts each feature by fixed numbers; where it comes
right after a convolution, the convolution's weights can do that at no cost. Which norms come right
after one is found by running the network, and what comes out is compared. On a CPU, convolutions
over time are faster besides if the features of a step lie side by side in memory.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d
from torch.nn.modules.batchnorm import _NormBase

from tremor.signal.masks import kept

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d)
TOLERANCE = 1e-5  # of the logits' size: rounding of float32, and nothing else
Pairs = list[tuple[str, str]]  # names of a convolution, and of the norm of what it gives


class Folded(nn.Module):
    """Where a batch norm was: `(batch, feature, step)` as it is, zeros beyond a record's length."""

    def forward(self, x: Tensor, length: Tensor | None = None) -> Tensor:
        return x if length is None else kept(x, length)


def folded(network: nn.Module, example: Tensor) -> nn.Module:
    """A copy in evaluation mode without gradients, equal to rounding on inputs like `(batch, …)`.

    Names of modules stay. Norms that follow no convolution stay as well, and so do all if the
    copy turns out to differ: then a convolution's features are also used without their norm.
    """
    plain = copy.deepcopy(network).eval().requires_grad_(False)
    with torch.inference_mode():
        pairs, wanted = _pairs(plain, example)
        light = copy.deepcopy(plain)
        for conv, norm in pairs:
            _fold(light, conv, norm)
        if example.device.type == "cpu":
            _lay_side_by_side(light)
        same = torch.allclose(light(example), wanted, 0, TOLERANCE * float(wanted.abs().max()))
    return light if same else plain


@torch.no_grad()
def _fold(network: nn.Module, conv_name: str, norm_name: str) -> None:
    conv, norm = network.get_submodule(conv_name), network.get_submodule(norm_name)
    assert isinstance(conv, CONVOLUTIONS)
    assert isinstance(norm, _NormBase)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = (norm.running_var.double() + norm.eps).rsqrt()
    shift = -norm.running_mean.double() * scale
    if norm.affine:
        scale, shift = scale * norm.weight, shift * norm.weight + norm.bias
    if conv.bias is not None:
        shift = shift + conv.bias * scale
    conv.bias = _frozen(shift, conv.weight)
    conv.weight = _frozen(conv.weight * scale.view(-1, *[1] * (conv.weight.ndim - 1)), conv.weight)
    network.set_submodule(norm_name, Folded())


def _lay_side_by_side(network: nn.Module) -> None:
    """Convolutions over time give their features side by side; others take them as they are."""
    for conv in network.modules():
        if isinstance(conv, nn.Conv1d) and conv.padding_mode == "zeros":
            conv._conv_forward = partial(_flat, conv)  # type: ignore[method-assign]


def _flat(conv: nn.Conv1d, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """A convolution over time as one over pictures of one row, channels last."""
    picture = x.unsqueeze(-2).contiguous(memory_format=torch.channels_last)
    kernel = weight.unsqueeze(-2).contiguous(memory_format=torch.channels_last)
    pad = conv.padding if isinstance(conv.padding, str) else (0, *conv.padding)
    steps, apart = (1, *conv.stride), (1, *conv.dilation)
    return conv2d(picture, kernel, bias, steps, pad, apart, conv.groups).squeeze(-2)


def _frozen(values: Tensor, like: Tensor) -> nn.Parameter:
    return nn.Parameter(values.to(like.dtype), requires_grad=False)


def _pairs(network: nn.Module, example: Tensor) -> tuple[Pairs, Tensor]:
    """Convolutions whose very output is given to a norm, each used once; and the logits."""
    given: list[tuple[str, Tensor]] = []
    taken: list[tuple[str, Tensor]] = []

    def see(name: str, layer: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(layer, CONVOLUTIONS):
            given.append((name, output))
        elif isinstance(layer, _NormBase) and layer.running_mean is not None:
            taken.append((name, inputs[0]))

    with _watched(network, see):
        logits = network(example)
    once = [[name for name, _ in calls] for calls in (given, taken)]
    pairs = [
        (conv, norm)
        for norm, x in taken
        for conv, y in given
        if x is y and once[0].count(conv) == 1 and once[1].count(norm) == 1
    ]
    return pairs, logits


@contextmanager
def _watched(network: nn.Module, see: Callable[[str, nn.Module, Any, Any], None]) -> Iterator[None]:
    def hook(name: str) -> Callable[[nn.Module, Any, Any], None]:
        return lambda layer, inputs, output: see(name, layer, inputs, output)

    hooks = [part.register_forward_hook(hook(name)) for name, part in network.named_modules()]
    try:
        yield
    finally:
        for each in hooks:
            each.remove()
