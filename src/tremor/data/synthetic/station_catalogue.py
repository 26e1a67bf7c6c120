"""The catalogue of a synthetic station: what every earthquake is, and what its windows hold.

A world that inherits from it says which earthquakes there are (`_table`) and what they would be on
the other side of the main shock (`_mirrored`); everything that is heard follows from that.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd

from tremor.data.synthetic import source_model as model
from tremor.data.synthetic.settings import check
from tremor.data.synthetic.source_model import Floats


@dataclass(frozen=True)
class StationCatalogue:
    """What every world of one station shares.

    `duration` in s, `sampling_rate` in Hz, `noise_level` in counts; `effect_size` scales all class
    evidence, 0 removes it. Magnitudes follow Gutenberg–Richter with b = 1.
    """

    effect_size: float = 1.0
    seed: int = 0
    duration: float = 25.0
    sampling_rate: float = 100.0
    min_magnitude: float = 1.5
    max_magnitude: float = 4.5
    noise_level: float = 8.0
    main_shock: str = "2016-10-30T06:40:17.32"

    windows: ClassVar[int] = 1
    channels: ClassVar[tuple[str, ...]] = ("Z", "N", "E")
    STRESS: ClassVar[tuple[float, float]] = (0.0, 0.7)  # log10 MPa of the mean, shift of a class
    CODA_Q: ClassVar[tuple[float, float]] = (5.0, 0.65)  # log of the mean, shift of a class

    def __post_init__(self) -> None:
        check(vars(self))

    @property
    def samples(self) -> int:
        """Samples of a window."""
        return round(self.duration * self.sampling_rate)

    def catalogue(self) -> pd.DataFrame:
        """One row a window: event (its group), class, time, place, size, and source parameters."""
        return self._table.copy()

    @cached_property
    def _table(self) -> pd.DataFrame:
        raise NotImplementedError

    def _mirrored(self, row: pd.Series) -> tuple[float, float]:
        """Log10 of stress drop and log of coda Q that the event would have on the other side."""
        raise NotImplementedError

    def _sources(self, rng: np.random.Generator, stress: Floats, coda: Floats) -> pd.DataFrame:
        """Size, place and source of events whose class shifts stress drop and coda by so much.

        `stress` and `coda` lie between -0.5 and 0.5; size and place know nothing of the class.
        """
        n = len(stress)
        log_stress = self.STRESS[0] + 0.12 * rng.standard_normal(n)
        log_stress += self._shift(stress, self.STRESS)
        log_coda = self.CODA_Q[0] + 0.15 * rng.standard_normal(n)
        log_coda += self._shift(coda, self.CODA_Q)
        magnitude = self._magnitudes(rng, n).round(2)
        depth, away = rng.uniform(4, 10, n), rng.uniform(2, 12, n)
        return pd.DataFrame(
            {
                "station": "SYN",
                "magnitude": magnitude,
                "depth_km": depth,
                "distance_km": np.hypot(depth, away),
                "stress_drop_mpa": 10**log_stress,
                "corner_hz": model.corner(magnitude, 10**log_stress),
                "coda_q": np.exp(log_coda),
            }
        )

    def _shift(self, side: Floats, of: tuple[float, float]) -> Floats:
        """How far a place between the two sides shifts a logarithm."""
        return np.asarray(2 * side * self.effect_size * of[1])

    def _magnitudes(self, rng: np.random.Generator, n: int) -> Floats:
        """Gutenberg–Richter with b = 1 between the smallest and the largest magnitude."""
        share = rng.uniform(0, 1 - 10 ** (self.min_magnitude - self.max_magnitude), n)
        return self.min_magnitude - np.log10(1 - share)

    def _windowed(self, rng: np.random.Generator, events: pd.DataFrame) -> pd.DataFrame:
        """Every event in its windows, with the arrivals in each and the time that it starts."""
        table = events.loc[events.index.repeat(self.windows)].reset_index(drop=True)
        number = np.arange(len(table)) % self.windows
        table.insert(
            0, "record_id", [f"{g}_{k}" for g, k in zip(table["group"], number, strict=True)]
        )
        lead = 5.0 + rng.uniform(-0.5, 0.5, len(table)) - 1.0 * number
        travel = table["distance_km"] / model.P_SPEED
        table["p_time_s"] = lead
        table["s_time_s"] = lead + table["distance_km"] * (1 / model.S_SPEED - 1 / model.P_SPEED)
        start = table.pop("origin") + pd.to_timedelta(travel - lead, unit="s")
        table["start_time"] = start.dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return table
