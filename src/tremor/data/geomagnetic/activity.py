"""How disturbed the Earth's field was: Kp and Dst of a window, and what is a storm."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from tremor.data.geomagnetic.clock import Clock
from tremor.data.geomagnetic.samples import Numbers
from tremor.data.sources.cells import Unusable
from tremor.errors import Refused


@dataclass(frozen=True)
class Series:
    """An index whose values hold from their time (samples of the clock) for one step."""

    starts: Numbers
    step: float
    values: Numbers

    def during(self, at: int, samples: int) -> Numbers:
        """The values that hold in a window; none at all where some of it is not covered."""
        first = int(np.searchsorted(self.starts, at, side="right")) - 1
        last = int(np.searchsorted(self.starts, at + samples, side="left"))
        if first < 0 or self.starts[last - 1] + self.step < at + samples:
            return np.empty(0)
        steps = np.diff(self.starts[first:last])
        return self.values[first:last] if (steps <= self.step).all() else np.empty(0)


@dataclass(frozen=True)
class Activity:
    """The table of indices on the clock of the samples, and the limits that windows must keep."""

    table: pd.DataFrame | None
    clock: Clock
    max_kp: float | None
    min_dst: float | None

    def __post_init__(self) -> None:
        limits = {"kp": ("max_kp", self.max_kp), "dst": ("min_dst", self.min_dst)}
        for name, (key, limit) in limits.items():
            if limit is not None and (self.table is None or name not in self.table):
                problem = f"no table gives {name}, and {key} is {limit}"
                remedy = f"dataset.{key}=null, or put indices.csv (time, {name}) into the folder"
                raise Refused(problem, f"dataset.{key}", remedy)

    def _series(self, name: str) -> Series | None:
        if self.table is None or name not in self.table:
            return None
        known = self.table.dropna(subset=[name])
        starts = self.clock.at(known["time"].to_numpy()).astype(np.float64)
        step = float(np.median(np.diff(starts))) if len(starts) > 1 else 0.0
        return Series(starts, step, known[name].to_numpy(np.float64))

    @cached_property
    def _kp(self) -> Series | None:
        return self._series("kp")

    @cached_property
    def _dst(self) -> Series | None:
        return self._series("dst")

    def kp(self, at: int, samples: int) -> float:
        """The highest Kp of a window, NaN where it is not known throughout."""
        values = self._kp.during(at, samples) if self._kp else np.empty(0)
        return float(values.max()) if len(values) else float("nan")

    def refuse_storm(self, at: int, samples: int) -> None:
        """A window that is disturbed, or of which that is not known, is unusable."""
        if self.max_kp is not None:
            kp = self.kp(at, samples)
            if not kp <= self.max_kp:
                raise Unusable("Kp not known" if np.isnan(kp) else f"a storm, Kp up to {kp:g}")
        if self.min_dst is not None:
            values = self._dst.during(at, samples) if self._dst else np.empty(0)
            if not len(values) or values.min() < self.min_dst:
                told = f"a storm, Dst down to {values.min():g}" if len(values) else "Dst not known"
                raise Unusable(told)

    def calm(self, at: int, samples: int) -> bool:
        """Whether a window keeps the limits."""
        try:
            self.refuse_storm(at, samples)
        except Unusable:
            return False
        return True
