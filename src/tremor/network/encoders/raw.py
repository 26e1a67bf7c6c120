"""The waveform itself, in patches."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.network.demands import not_below


class Raw(nn.Module):
    """`(batch, channel, time)` to patches `(batch, channel * patch, step)`.

    A patch of 1 hands on the samples one by one; a longer one makes a sequence that a recurrent
    model can walk in reasonable time.
    """

    def __init__(self, channels: int, length: int, sampling_rate: float, patch: int = 16):
        super().__init__()
        not_below("encoder", patch=patch)
        if patch > length:
            fault = f"encoder.patch is {patch}; the records have {length} samples"
            raise Refused(fault, "encoder.patch", f"encoder.patch={min(16, length)}")
        self.samples = patch
        self.times = (torch.arange(length // patch) + 0.5) * (patch / sampling_rate)
        self.out_shape = (channels * patch, length // patch)

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Patches, and the number of whole ones in each record."""
        steps = x.shape[-1] // self.samples
        patches = x[..., : steps * self.samples].reshape(*x.shape[:2], steps, self.samples)
        return patches.transpose(2, 3).flatten(1, 2), (length // self.samples).clamp(min=1)

    def coordinates(self) -> dict[str, Tensor]:
        """Centres of the patches (s from the record's start)."""
        return {"time": self.times}
