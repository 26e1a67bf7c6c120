"""A synthetic Norcia: earthquakes before and after a main shock, seen by one station.

What distinguishes the classes is explicit: across the main shock the stress drop falls (and with it
the corner frequency) and the coda lasts longer. `effect_size` scales both; at 0 nothing does.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.synthetic.station import Index, StationWorld


@dataclass(frozen=True)
class NorciaWorld(StationWorld):
    """Foreshocks (0) and aftershocks (1) of 30 October 2016 at a station that never was.

    `windows` views of each event (5 at most) start about a second apart; `days_before` and
    `days_after` the main shock (UTC).
    """

    n_events: int = 600
    windows: int = 1  # type: ignore[misc]
    days_before: float = 67.0
    days_after: float = 51.0

    classes: ClassVar[tuple[str, ...]] = ("foreshock", "aftershock")

    @cached_property
    def _table(self) -> pd.DataFrame:
        rng = np.random.default_rng((self.seed, 0))
        return self._windowed(rng, self._events(rng))

    def _events(self, rng: np.random.Generator) -> pd.DataFrame:
        """Events of both classes; all but the time has one distribution for both."""
        label = self._labels()
        side = label - 0.5
        events = self._sources(rng, -side, side)
        events.insert(0, "group", [f"ev{i:06d}" for i in range(self.n_events)])
        events.insert(1, "label", label)
        return events.assign(origin=self._times(rng, label))

    def _labels(self) -> Index:
        """Foreshocks and aftershocks in turn."""
        return np.arange(self.n_events) % 2

    def _mirrored(self, row: pd.Series) -> tuple[float, float]:
        turn = np.array(-1.0 if row["label"] else 1.0)  # to the other class
        stress = np.log10(row["stress_drop_mpa"]) - self._shift(turn, self.STRESS)
        return float(stress), float(np.log(row["coda_q"]) + self._shift(turn, self.CODA_Q))

    def _times(self, rng: np.random.Generator, label: NDArray[np.int64]) -> pd.Series:
        """Omori's law with p = 1 on both sides of the main shock."""
        days = np.where(label == 1, self.days_after, -self.days_before)
        early = 0.02  # days
        away = early * ((1 + np.abs(days) / early) ** rng.uniform(0, 1, len(label)) - 1)
        return pd.Series(
            pd.Timestamp(self.main_shock) + pd.to_timedelta(np.sign(days) * away, unit="D")
        )
