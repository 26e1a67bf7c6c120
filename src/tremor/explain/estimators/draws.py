"""The mean of draws and its standard error, without keeping the draws."""

from __future__ import annotations

import torch
from torch import Tensor

from tremor.errors import Refused


class Moments:
    """Chan's update: batches of draws `(draw, …)` in float64."""

    def __init__(self, shape: torch.Size):
        self.count = 0
        self.mean = torch.zeros(shape, dtype=torch.float64)
        self.squares = torch.zeros(shape, dtype=torch.float64)

    def add(self, drawn: Tensor) -> None:
        many, mean = len(drawn), drawn.mean(0)
        apart, total = mean - self.mean, self.count + len(drawn)
        self.squares += (drawn - mean).square().sum(0) + apart**2 * (self.count * many / total)
        self.mean += apart * (many / total)
        self.count = total

    def mean_and_error(self) -> tuple[Tensor, Tensor]:
        if self.count < 2:
            key = "explainer.budget"
            raise Refused("one draw has no standard error", key, f"{key}=2 or more")
        return self.mean, (self.squares / (self.count - 1) / self.count).sqrt()
