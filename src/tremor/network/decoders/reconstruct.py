"""Each step to the samples that it stands for."""

from __future__ import annotations

from torch import Tensor, nn

from tremor.network.demands import steps_of


class Reconstruct(nn.Module):
    """`(batch, feature, step)` to waveforms `(batch, channel, step * samples)`."""

    def __init__(self, in_shape: tuple[int, ...], channels: int, samples: int):
        super().__init__()
        self.channels, self.samples = channels, samples
        features, steps = steps_of(in_shape, "reconstruct", "model")
        self.linear = nn.Linear(features, channels * samples)
        self.out_shape = (channels, steps * samples)

    def forward(self, x: Tensor, length: Tensor) -> Tensor:
        parts = self.linear(x.transpose(1, 2)).unflatten(-1, (self.channels, self.samples))
        return parts.transpose(1, 2).flatten(2)  # type: ignore[no-any-return]
