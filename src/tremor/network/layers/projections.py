"""Projections within groups of features, and convolution along the steps."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import conv1d, pad

WIDE = 32


class GroupedLinear(nn.Module):
    """Linear maps within groups of `size` features: `(batch, step, feature)`, no bias.

    Groups are gathered into blocks of at most 32 features, which multiply faster than many tiny
    matrices do.
    """

    def __init__(self, features: int, size: int, outputs: int = 1):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, features // size, size, size))
        nn.init.normal_(self.weight, std=(2 / (5 * features)) ** 0.5)
        self.joined = _divisor(features // size, max(1, WIDE // size))

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """As many tensors of `x`'s shape as there are `outputs`."""
        outputs, _, size, _ = self.weight.shape
        eye = torch.eye(self.joined, dtype=x.dtype, device=x.device)[:, None, :, None]
        own = self.weight.to(x.dtype).view(outputs, -1, self.joined, size, 1, size) * eye
        blocks = own.reshape(outputs, -1, self.joined * size, self.joined * size)
        wide = blocks.transpose(-1, -2).permute(1, 2, 0, 3).flatten(2)
        parts = x.flatten(0, 1).unflatten(-1, (len(wide), -1)).transpose(0, 1) @ wide
        split = parts.unflatten(-1, (outputs, -1)).permute(2, 1, 0, 3).flatten(2)
        return tuple(split.unflatten(1, x.shape[:2]).unbind(0))


def _divisor(number: int, largest: int) -> int:
    """The largest divisor of a number that is not above `largest`."""
    return next(d for d in range(largest, 0, -1) if number % d == 0)


class CausalConv(nn.Module):
    """Each feature convolved over the last `kernel` steps: `(batch, step, feature)`."""

    def __init__(self, features: int, kernel: int):
        super().__init__()
        self.conv = nn.Conv1d(features, features, kernel, groups=features)

    def forward(self, x: Tensor) -> Tensor:
        kernel = self.conv.kernel_size[0]
        weight = self.conv.weight
        if x.is_cuda:
            whole = pad(x.transpose(1, 2), (kernel - 1, 0))
            return conv1d(whole, weight, self.conv.bias, groups=len(weight)).transpose(1, 2)
        whole = pad(x, (0, 0, kernel - 1, 0))
        parts = [whole[:, n : n + x.shape[1]] * weight[:, 0, n] for n in range(kernel)]
        total: Tensor = self.conv.bias  # type: ignore[assignment]
        for part in parts:
            total = total + part
        return total
