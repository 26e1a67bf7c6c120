"""The record's spectrum: a sequence of frequency bins."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from tremor.signal.masks import masked_mean
from tremor.signal.spectrum import bins_hz, log_power, segment_matrix, segment_power, segments


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
        self.size, self.hop, self.log, self.floor = fft_size, fft_size // 2, log, floor
        self.out_shape = (channels, fft_size // 2 + 1)
        self.frequencies = bins_hz(fft_size, sampling_rate)
        self.register_buffer("matrix", segment_matrix(fft_size, sampling_rate), persistent=False)

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """Log power (or amplitude) by bin, and the number of bins of each record (always all)."""
        x = pad(x, (0, max(0, self.size - x.shape[-1])))
        power = segment_power(x, self.matrix, self.hop)
        count = segments(length, self.size, self.hop).clamp(max=power.shape[2])
        mean = masked_mean(power.permute(0, 1, 3, 2).flatten(1, 2), count).unflatten(
            1, self.out_shape
        )
        features = (
            log_power(mean, mean.mean(-1, keepdim=True), self.floor) if self.log else mean.sqrt()
        )
        return features, torch.full_like(length, features.shape[-1])

    def coordinates(self) -> dict[str, Tensor]:
        """The frequency (Hz) of each step."""
        return {"frequency": self.frequencies}
