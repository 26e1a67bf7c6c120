"""The record's spectrum: a sequence of frequency bins."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tremor.network.demands import not_below
from tremor.signal.masks import valid
from tremor.signal.spectrum import SegmentPower, at_least, bins_hz, log_power, segments


class FFT(nn.Module):
    """`(batch, channel, time)` to the averaged spectrum `(batch, channel, bin)`, DC first.

    Segments of `fft_size` samples, half overlapping, over the whole record are averaged (Welch):
    unlike one transform of a resampled record, this keeps the full frequency range, and its scatter
    falls with the length of the record.
    """

    def __init__(
        self,
        channels: int,
        length: int,
        sampling_rate: float,
        fft_size: int = 512,
        log: bool = True,
        floor: float = 1e-6,
    ):
        super().__init__()
        not_below("encoder", 2, fft_size=fft_size)
        not_below("encoder", 0, floor=floor)
        self.size, self.hop, self.log, self.floor = fft_size, fft_size // 2, log, floor
        self.out_shape = (channels, fft_size // 2 + 1)
        self.frequencies = bins_hz(fft_size, sampling_rate)
        self.power = SegmentPower(fft_size, self.hop, sampling_rate)

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Log power (or amplitude) by bin, and the number of bins of each record (always all)."""
        power = self.power(at_least(x, self.size))
        count = segments(length, self.size, self.hop)
        share = valid(count, power.shape[2]) / count.clamp(max=power.shape[2])[:, None]
        mean = (share[:, None, None] @ power).squeeze(2)
        level = mean.mean(-1, keepdim=True)
        features = log_power(mean, level, self.floor) if self.log else mean.sqrt()
        return features, torch.full_like(length, features.shape[-1])

    def coordinates(self) -> dict[str, Tensor]:
        """The frequency (Hz) of each step."""
        return {"frequency": self.frequencies}
