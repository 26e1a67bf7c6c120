"""A network made faster for asking it often: batch norms go into the convolutions before them."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

PAIRS = ((nn.Conv1d, nn.BatchNorm1d), (nn.Conv2d, nn.BatchNorm2d))


def folded(network: nn.Module) -> nn.Module:
    """A copy in evaluation mode that says the same to rounding.

    Where a convolution is followed by its batch norm in a sequence of layers, it takes its scale
    and shift over; the norm's place does nothing.
    """
    copy = deepcopy(network).eval()
    with torch.no_grad():
        for layers in [part for part in copy.modules() if isinstance(part, nn.Sequential)]:
            for place, (layer, norm) in enumerate(pairwise([*layers])):
                if any(isinstance(layer, a) and isinstance(norm, b) for a, b in PAIRS):
                    layers[place] = fuse_conv_bn_eval(layer, norm)  # type: ignore[type-var]
                    layers[place + 1] = nn.Identity()
    return copy
