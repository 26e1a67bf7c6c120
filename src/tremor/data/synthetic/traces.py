"""Earthquakes on many stations as short traces, by the thousand at once: fast, and no classes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.synthetic.settings import within

BEGIN = np.datetime64("2010-01-01T00:00:00.000")
APART = 600  # s from one event to the next
DELAY = (0.3, 0.7)  # S after P, as a share of the P arrival from the trace's start


@dataclass(frozen=True)
class TraceWorld:
    """P and S arrivals in noise: `stations` traces `(Z N E, time)` of each event, in order of time.

    Everything about a trace follows from its number and the seed, `block` traces at a time, so that
    a part of the world can be made without the rest.
    """

    n_traces: int = 10_000
    stations: int = 4
    duration: float = 5.12
    sampling_rate: float = 100.0
    noise_level: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        within("n_traces", self.n_traces, 1, math.inf)
        within("stations", self.stations, 1, 1000)
        within("duration", self.duration, 1.0, 600.0)
        within("sampling_rate", self.sampling_rate, 10.0, 1000.0)
        within("noise_level", self.noise_level, 0.0, math.inf)
        within("seed", self.seed, 0, math.inf)

    @property
    def samples(self) -> int:
        """Samples of a trace."""
        return round(self.duration * self.sampling_rate)

    def block(self, first: int, count: int) -> tuple[NDArray[np.float32], pd.DataFrame]:
        """Some traces `(trace, channel, time)`, and what is known of each."""
        rng = np.random.default_rng((self.seed, first))
        event = np.arange(first, first + count) // self.stations
        p = rng.uniform(0.2, 0.5, count) * self.duration
        s = p * (1 + rng.uniform(*DELAY, count))
        magnitude = np.round(1 + np.random.default_rng((self.seed, 1)).exponential(0.8, 997), 1)
        size = magnitude[event % len(magnitude)]
        traces = self._waves(rng, p, s, size)
        origin = BEGIN + (event * APART * 1000).astype("timedelta64[ms]")
        start = origin + ((s - p) * 1370 - p * 1000).astype("timedelta64[ms]")
        known = {
            "trace_start_time": np.datetime_as_string(start),
            "trace_p_arrival_sample": np.round(p * self.sampling_rate).astype(int),
            "trace_s_arrival_sample": np.round(s * self.sampling_rate).astype(int),
            "station_code": [f"S{n % self.stations:03d}" for n in range(first, first + count)],
            "source_id": event,
            "source_origin_time": np.datetime_as_string(origin),
            "source_magnitude": size,
            "source_depth_km": np.round(4 + event % 17 * 0.7, 1),
        }
        return traces, pd.DataFrame(known)

    def _waves(
        self,
        rng: np.random.Generator,
        p: NDArray[np.float64],
        s: NDArray[np.float64],
        magnitude: NDArray[np.float64],
    ) -> NDArray[np.float32]:
        """Coloured noise, and after each arrival a wave that dies away (counts)."""
        shape = (len(p), 3, self.samples)
        noise = rng.standard_normal(shape, dtype=np.float32)
        noise[..., 1:] += np.float32(0.8) * noise[..., :-1]
        made = noise * np.float32(self.noise_level)
        time = np.arange(self.samples, dtype=np.float32) / np.float32(self.sampling_rate)
        for arrival, loud, pitch in ((p, 3.0, (6.0, 14.0)), (s, 8.0, (2.0, 7.0))):
            since = time - arrival[:, None].astype(np.float32)
            frequency = rng.uniform(*pitch, (len(p), 1)).astype(np.float32)
            decay = np.exp(-np.maximum(since, 0) * frequency / 8) * (since > 0)
            amplitude = (loud * 10 ** (0.4 * (magnitude - 1))).astype(np.float32)
            wave = amplitude[:, None] * decay * np.sin(2 * np.pi * frequency * since)
            made += rng.uniform(0.3, 1.0, (len(p), 3, 1)).astype(np.float32) * wave[:, None]
        return made
