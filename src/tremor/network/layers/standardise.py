"""Features brought to a mean of 0 and a spread of 1 by what the training records were like."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from tremor.signal.masks import valid


class Standardise(nn.Module):
    """`(batch, channel, …, step)`, each channel by its own two numbers, which travel as weights.

    Until it has learnt them it changes nothing.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, channels: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("spread", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        shape = (-1, *[1] * (x.ndim - 2))
        return (x - self.mean.view(shape)) / self.spread.view(shape)

    def learn(self, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
        """Mean and spread over the valid steps of batches `(x, steps)`, in float64."""
        count = torch.zeros((), dtype=torch.float64)
        total = torch.zeros(2, len(self.mean), dtype=torch.float64)
        for x, steps in batches:
            flat = x.flatten(2, -2) if x.ndim > 3 else x[:, :, None]
            inside = valid(steps, x.shape[-1])[:, None, None]
            kept = flat.double() * inside
            total += torch.stack([kept.sum((0, 2, 3)), kept.square().sum((0, 2, 3))]).cpu()
            count += inside.sum().cpu() * flat.shape[2]
        mean, square = total / count
        self.mean.copy_(mean)
        self.spread.copy_((square - mean.square()).clamp(min=1e-12).sqrt())
