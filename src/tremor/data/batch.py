"""What travels from the loader to the task."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass
class Batch:
    """Records of one step: `x (batch, channel, time)`, labels, valid samples, rows of the table.

    Labels `y` are `(batch,)`, or `(batch, head)` where several questions are asked of each record,
    or `(batch, class)` of 0, 1 and -1 (unknown) where it may have several classes.
    """

    x: Tensor
    y: Tensor
    length: Tensor
    index: Tensor

    def to(self, device: torch.device, non_blocking: bool = False) -> Batch:
        return Batch(*(part.to(device, non_blocking=non_blocking) for part in vars(self).values()))

    def pin_memory(self) -> Batch:
        return Batch(*(part.pin_memory() for part in vars(self).values()))

    def __len__(self) -> int:
        return len(self.index)
