"""Any recording as models take it: twelve leads in order, at one rate, of one length."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from tremor.data.ecg.gain import per_mv
from tremor.data.ecg.leads import LEADS, places
from tremor.data.ecg.recording import Recording
from tremor.data.records import Signal
from tremor.data.sources.cells import Unusable, sound

SLOWEST, FASTEST = 50.0, 20_000.0  # Hz
FILTER = 10  # half the length of the resampling filter, in samples of the slower rate


@dataclass(frozen=True)
class Standard:
    """`maxlen` samples at `sampling_rate` (Hz): cut, or filled with zeros, at the end.

    What is shorter than `min_seconds`, or has more than `max_flat_leads` leads without any change
    in what is kept, is unusable. `units=adc` leaves the converter's own numbers as they are.
    """

    sampling_rate: float = 500.0
    maxlen: int = 5000
    units: Literal["adc", "mV"] = "adc"
    min_seconds: float = 5.0
    max_flat_leads: int = 0

    def of(
        self, recording: Recording, gains: NDArray[np.float64] | None = None
    ) -> tuple[Signal, tuple[str, ...]]:
        """The record `(lead, time)` and its flat leads.

        `gains (lead,)` are units to a mV in the header's order of leads; None is the header's word.
        """
        header = recording.header
        if not SLOWEST <= header.rate <= FASTEST:
            raise Unusable(f"a sampling rate of {header.rate:g} Hz")
        if recording.signal.shape[1] < self.min_seconds * header.rate:
            raise Unusable(f"shorter than {self.min_seconds:g} s")
        order = places([lead.name for lead in header.leads])
        samples = sound(recording.signal[order, : self._needed(header.rate)])
        if self.units == "mV":
            leads = [header.leads[place] for place in order]
            zeros = np.array([lead.baseline for lead in leads], np.float64)
            taken = np.array(list(map(per_mv, leads))) if gains is None else gains[order]
            samples = (samples - zeros[:, None]) / taken[:, None]
        return self._fitted(samples, header.rate)

    def _needed(self, rate: float) -> int:
        """Samples at a record's own rate (Hz) that decide those that are kept."""
        ratio = rate / self.sampling_rate
        return math.ceil(self.maxlen * ratio) + math.ceil(FILTER * max(1.0, ratio)) + 1

    def _fitted(self, samples: NDArray[Any], rate: float) -> tuple[Signal, tuple[str, ...]]:
        """Samples at the wanted rate and of the wanted length, and the leads without change."""
        if rate != self.sampling_rate:
            ratio = Fraction(self.sampling_rate / rate).limit_denominator(1000)
            up, down = ratio.numerator, ratio.denominator
            samples = resample_poly(samples.astype(np.float64), up, down, axis=1, padtype="line")
        kept = samples[:, : self.maxlen]
        flat = tuple(lead for lead, row in zip(LEADS, kept, strict=True) if (row == row[0]).all())
        if len(flat) > self.max_flat_leads:
            raise Unusable(f"no change in lead {', '.join(flat)}")
        signal = np.zeros((len(LEADS), self.maxlen), np.float32)
        with np.errstate(over="ignore"):
            signal[:, : kept.shape[1]] = kept
        return sound(signal), flat
