"""Learning-rate schedules by step, with warm-up as a share of the run's real number of steps."""

from __future__ import annotations

import math

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR


def cosine(
    optimizer: Optimizer,
    total_steps: int,
    warmup_fraction: float = 0.0,
    final_fraction: float = 0.0,
) -> LambdaLR:
    """Linear warm-up, then half a cosine down to `final_fraction` of the rate."""
    warm = round(warmup_fraction * total_steps)

    def factor(step: int) -> float:
        if step < warm:
            return (step + 1) / warm
        done = min(1.0, (step - warm) / max(1, total_steps - warm))
        return final_fraction + (1 - final_fraction) * 0.5 * (1 + math.cos(math.pi * done))

    return LambdaLR(optimizer, factor)


def constant(optimizer: Optimizer, total_steps: int, warmup_fraction: float = 0.0) -> LambdaLR:
    """Linear warm-up, then the optimiser's own rate."""
    warm = round(warmup_fraction * total_steps)
    return LambdaLR(optimizer, lambda step: min(1.0, (step + 1) / max(1, warm)))


def exponential(optimizer: Optimizer, total_steps: int, final_fraction: float = 0.01) -> LambdaLR:
    """A steady decay that reaches `final_fraction` of the rate at the last step."""
    return LambdaLR(optimizer, lambda step: final_fraction ** (step / max(1, total_steps)))
