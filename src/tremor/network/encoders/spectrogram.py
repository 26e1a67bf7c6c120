"""Short-time spectra: how the power at each frequency goes with time."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from tremor.network.demands import not_below
from tremor.network.layers.standardise import Standardise
from tremor.signal.masks import masked_mean
from tremor.signal.spectrum import (
    SegmentPower,
    Window,
    at_least,
    bins_hz,
    centres,
    hop_of,
    log_power,
    minmax,
    segments,
)


class Spectrogram(nn.Module):
    """`(batch, channel, time)` to power density `(batch, channel, frequency, frame)`.

    Log10 above a floor relative to the record's own mean power, so that the unit does not matter.
    `scale="minmax"` brings each record to 0 … 1 over all its channels jointly, as a picture of it
    would; `standardise` each channel to mean 0 and spread 1 over the training records.
    """

    def __init__(
        self,
        channels: int,
        length: int,
        sampling_rate: float,
        nperseg: int = 64,
        noverlap_ratio: float = 0.5,
        log: bool = True,
        floor: float = 1e-6,
        window: Window = "hann",
        scale: Literal["none", "minmax"] = "none",
        standardise: bool = False,
    ):
        super().__init__()
        not_below("encoder", 2, nperseg=nperseg)
        not_below("encoder", 0, floor=floor)
        self.size, self.log, self.floor, self.scale = nperseg, log, floor, scale
        self.hop = hop_of(nperseg, noverlap_ratio)
        self.frequencies = bins_hz(nperseg, sampling_rate)
        frames = int(segments(torch.tensor(length), nperseg, self.hop))
        self.times = centres(frames, nperseg, self.hop, sampling_rate)
        self.out_shape = (channels, len(self.frequencies), frames)
        self.power = SegmentPower(nperseg, self.hop, sampling_rate, window)
        self.standard = Standardise(channels) if standardise else None

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """The spectrogram, and the number of valid frames of each record."""
        power = self.power(at_least(x, self.size)).transpose(-1, -2)
        frames = segments(length, self.size, self.hop)
        if self.log:
            level = masked_mean(power.flatten(1, 2), frames.clamp(max=power.shape[-1])).mean(-1)
            power = log_power(power, level[:, None, None, None], self.floor)
        if self.scale == "minmax":
            power = minmax(power, frames)
        return power if self.standard is None else self.standard(power), frames

    def coordinates(self) -> dict[str, Tensor]:
        """Frequencies (Hz) and centres of the frames (s from the record's start)."""
        return {"frequency": self.frequencies, "time": self.times}
