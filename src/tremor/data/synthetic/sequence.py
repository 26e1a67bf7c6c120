"""A synthetic 2016 sequence: before Visso, between Visso and Norcia, after Norcia.

Evidence drifts within each phase, so that any number of classes by time has something to go by:
toward the main shock the stress drop of foreshocks falls and their coda lengthens, after it both
heal slowly; the days after Visso combine a high stress drop with a long coda. Scatter from event to
event makes neighbouring classes overlap, as real ones do.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd

from tremor.data.synthetic.source_model import Floats
from tremor.data.synthetic.station import Index, StationWorld

EARLY = 0.1  # days after a shock before its rate of aftershocks falls


@dataclass(frozen=True)
class Phase:
    """A stretch of the sequence: when (days from the main shock), and where its evidence goes.

    `stress` and `coda` are places between the two sides (-0.5 to 0.5) at its start and end.
    """

    name: str
    days: tuple[float, float]
    stress: tuple[float, float]
    coda: tuple[float, float]


@dataclass(frozen=True)
class NorciaSequence(StationWorld):
    """So many events of each phase, each at a time drawn from Omori's law since its first shock."""

    n_pre: int = 450
    n_visso: int = 100
    n_post: int = 450

    classes: ClassVar[tuple[str, ...]] = ("pre", "visso", "post")
    PHASES: ClassVar[tuple[Phase, ...]] = (
        Phase("pre", (-67.0, -3.6), (0.5, 0.1), (-0.5, -0.1)),
        Phase("visso", (-3.5, -0.01), (0.45, 0.3), (0.3, 0.4)),
        Phase("post", (0.0, 51.0), (-0.5, -0.1), (0.5, 0.1)),
    )

    @cached_property
    def _table(self) -> pd.DataFrame:
        rng = np.random.default_rng((self.seed, 0))
        return self._windowed(rng, self._events(rng))

    def _events(self, rng: np.random.Generator) -> pd.DataFrame:
        """Events in order of time."""
        counts = (self.n_pre, self.n_visso, self.n_post)
        label = np.repeat(np.arange(len(counts)), counts)
        done = np.concatenate([np.sort(rng.uniform(0, 1, count)) for count in counts])
        events = self._sources(
            rng, self._place("stress", label, done), self._place("coda", label, done)
        )
        events.insert(0, "group", [f"ev{i:06d}" for i in range(len(label))])
        events.insert(1, "label", label)
        events["phase"] = np.array(self.classes)[label]
        return events.assign(origin=self._origins(label, done))

    def _place(self, name: str, label: Index, done: Floats) -> Floats:
        """Where events stand between the sides after a share `done` of their phase's events."""
        start, end = np.array([getattr(phase, name) for phase in self.PHASES])[label].T
        return np.asarray(start + (end - start) * done)

    def _origins(self, label: Index, done: Floats) -> pd.Series:
        """Origin times: a share `done` of each phase's events has happened by then."""
        first, last = np.array([phase.days for phase in self.PHASES])[label].T
        since = EARLY * ((1 + (last - first) / EARLY) ** done - 1)
        return pd.Series(pd.Timestamp(self.main_shock) + pd.to_timedelta(first + since, unit="D"))

    def _mirrored(self, row: pd.Series) -> tuple[float, float]:
        stress, coda = np.log10(row["stress_drop_mpa"]), np.log(row["coda_q"])
        side = np.array(1.0 if row["phase"] == "post" else -1.0)
        return (
            float(stress + self._shift(side, self.STRESS)),
            float(coda - self._shift(side, self.CODA_Q)),
        )
