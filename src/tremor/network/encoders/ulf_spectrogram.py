"""Spectrograms of the magnetic field in one band of ultra-low frequencies, on a fixed scale."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil, log2
from typing import Literal

import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.network.demands import not_below
from tremor.network.layers.standardise import Standardise
from tremor.signal.band import Parts, SegmentBand, bins_within, decibels, power_of
from tremor.signal.polarisation import polarised
from tremor.signal.spectrum import Window, at_least, bins_hz, centres, hop_of, segments

Extra = Literal["ratio", "polarisation"]
BINS = 4  # fewest of a band


class UlfSpectrogram(nn.Module):
    """`(batch, channel, time)` to dB `(batch, channel, frequency, frame)` of a band in mHz.

    dB are relative to 1 unit² / Hz above a floor, never to the record: its level, and that of its
    components to each other, stay what they are. Every segment loses its straight line, which
    takes the daily variation out of the band. `extra` adds channels of what components do together:
    `ratio` the vertical power over the northern one in dB, `polarisation` direction and ellipticity
    of the horizontal motion, averaged over frames. `standardise` brings each channel to mean 0 and
    spread 1 over the training records.
    """

    def __init__(
        self,
        channels: int,
        length: int,
        sampling_rate: float,
        band_mhz: tuple[float, float] = (22.0, 100.0),
        nperseg: int = 256,
        noverlap_ratio: float = 0.5,
        window: Window = "hann",
        floor_db: float = -60.0,
        extra: tuple[Extra, ...] = (),
        places: tuple[int, int, int] = (0, 1, 2),
        averaged: int = 5,
        standardise: bool = True,
    ):
        super().__init__()
        not_below("encoder", 2, nperseg=nperseg)
        _refuse_length(nperseg, length)
        _refuse_extra(extra, places, averaged, channels)
        self.size, self.hop = nperseg, hop_of(nperseg, noverlap_ratio)
        self.floor, self.extra = 10 ** (floor_db / 10), frozenset(extra)
        self.places, self.averaged = places, averaged
        bins = _band(nperseg, sampling_rate, band_mhz)
        self.frequencies = bins_hz(nperseg, sampling_rate)[bins]
        frames = int(segments(torch.tensor(length), nperseg, self.hop))
        self.times = centres(frames, nperseg, self.hop, sampling_rate)
        self.band = SegmentBand(nperseg, self.hop, sampling_rate, bins, window)
        given = len(self.components([""] * channels))
        self.out_shape = (given, len(bins), frames)
        self.standard = Standardise(given) if standardise else None

    def components(self, names: Sequence[str]) -> tuple[str, ...]:
        """Names of the channels that come out, of records whose channels have these names."""
        north, _, down = self.places
        ratio = (f"{names[down]}/{names[north]}",) if "ratio" in self.extra else ()
        motion = ("cos 2θ", "sin 2θ", "ellipticity") if "polarisation" in self.extra else ()
        return (*names, *ratio, *motion)

    def forward(self, x: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
        """The spectrogram, and the number of valid frames of each record."""
        real, imaginary = self.band(at_least(x, self.size))
        parts = real.transpose(-1, -2), imaginary.transpose(-1, -2)
        frames = segments(length, self.size, self.hop)
        levels = decibels(power_of(parts), self.floor)
        seen = torch.cat([levels, *self._added(levels, parts, frames)], dim=1)
        return seen if self.standard is None else self.standard(seen), frames

    def _added(self, levels: Tensor, parts: Parts, frames: Tensor) -> Iterator[Tensor]:
        """What components do together: `(batch, 1 or 3, frequency, frame)` each."""
        north, east, down = self.places
        if "ratio" in self.extra:
            yield (levels[:, down] - levels[:, north])[:, None]
        if "polarisation" in self.extra:
            one, other = ((parts[0][:, at], parts[1][:, at]) for at in (north, east))
            yield polarised(one, other, frames, self.averaged, self.floor)

    def coordinates(self) -> dict[str, Tensor]:
        """Frequencies (Hz) and centres of the frames (s from the record's start)."""
        return {"frequency": self.frequencies, "time": self.times}


def _refuse_length(nperseg: int, length: int) -> None:
    if nperseg > length:
        fits = 2 ** (max(length, 2).bit_length() - 1)
        fault = f"encoder.nperseg is {nperseg}; the records have {length} samples"
        raise Refused(fault, "encoder.nperseg", f"encoder.nperseg={fits}, or longer records")


def _refuse_extra(
    extra: tuple[Extra, ...], places: tuple[int, int, int], averaged: int, channels: int
) -> None:
    """Added channels need three components, each at its own place, and a middle frame."""
    if not extra:
        return
    if channels < 3:
        fault = f"encoder.extra is {list(extra)}; the records have {channels} channels of three"
        raise Refused(fault, "encoder.extra", "encoder.extra=[]")
    if len(set(places)) < 3 or not all(0 <= place < channels for place in places):
        fault = f"encoder.places is {list(places)}: not three of {channels} channels from 0 on"
        raise Refused(fault, "encoder.places", "encoder.places=[0,1,2]")
    if averaged < 1 or averaged % 2 == 0:
        fault = f"encoder.averaged is {averaged}, must be an odd number of frames"
        raise Refused(fault, "encoder.averaged", f"encoder.averaged={max(averaged, 0) + 1}")


def _band(nperseg: int, sampling_rate: float, band_mhz: tuple[float, float]) -> Tensor:
    """The bins of the band, which lies between 0 and Nyquist and holds a few of them."""
    key, (low, high), nyquist = "encoder.band_mhz", band_mhz, 500 * sampling_rate
    if not 0 <= low < high <= nyquist:
        fault = f"{key} is {list(band_mhz)}, must rise within 0 and {nyquist:g} mHz (Nyquist)"
        remedy = f"{key}=[{0.044 * nyquist:g},{0.2 * nyquist:g}]"
        raise Refused(fault, key, remedy)
    bins = bins_within(nperseg, sampling_rate, low / 1000, high / 1000)
    if len(bins) < BINS:
        fault = f"{key}={list(band_mhz)} holds {len(bins)} bins of {nperseg} samples, {BINS} needed"
        size = 2 ** ceil(log2(BINS * 1000 * sampling_rate / (high - low)))
        raise Refused(fault, key, f"encoder.nperseg={size}, or a wider band")
    return bins
