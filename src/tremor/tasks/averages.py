"""Numbers of training steps: their means over an epoch, kept on the device that made them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor


class Averages:
    """Means weighted by the size of each batch. Nothing here waits for the device.

    Lightning's own `log` copies its bookkeeping at each call, which takes longer than a small step.
    """

    def __init__(self, sums: Mapping[str, Tensor | float] | None = None, count: int = 0):
        self.sums, self.count = dict(sums or {}), count

    def state(self) -> dict[str, Any]:
        """What makes the same again."""
        return {"sums": dict(self.sums), "count": self.count}

    def add(self, numbers: Mapping[str, Tensor | float], size: int) -> None:
        """Numbers of a batch of so many records."""
        for name, value in numbers.items():
            exact = value.float() if isinstance(value, Tensor) else value
            before = self.sums.get(name, 0.0)
            if isinstance(before, Tensor) and isinstance(exact, Tensor):
                before = before.to(exact.device)
            self.sums[name] = before + exact * size
        self.count += size

    def taken(self) -> tuple[dict[str, Tensor | float], int]:
        """The means so far, and of how many records; the next ones start anew."""
        means, count = {name: value / self.count for name, value in self.sums.items()}, self.count
        self.sums, self.count = {}, 0
        return means, count
