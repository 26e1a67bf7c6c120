"""Times as whole numbers of samples since 1970, so that windows are compared exactly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.geomagnetic.archive import samples_a_day

EPOCH = datetime(1970, 1, 1)
HOURS = 24


@dataclass(frozen=True)
class Clock:
    """Counts samples at a rate (Hz); day `n` has the samples from `n * a_day` on."""

    sampling_rate: float

    @property
    def a_day(self) -> int:
        """Samples of a UTC day."""
        return samples_a_day(self.sampling_rate)

    def of_hours(self, hours: float) -> int:
        """Samples in some hours."""
        return round(hours * self.a_day / HOURS)

    def at(self, times: Any) -> NDArray[np.int64]:
        """The sample at or just before UTC times (array of datetime64)."""
        micros = np.asarray(times).astype("datetime64[us]").astype(np.int64)
        day, rest = np.divmod(micros, 86_400_000_000)
        return np.asarray(day * self.a_day + rest * self.a_day // 86_400_000_000, dtype=np.int64)

    def time(self, at: int) -> datetime:
        """The UTC time of a sample."""
        day, rest = divmod(at, self.a_day)
        return EPOCH + timedelta(days=day, microseconds=round(rest * 86_400_000_000 / self.a_day))

    def number(self, day: date) -> int:
        """The number of a day."""
        return (day - EPOCH.date()).days

    def date(self, number: int) -> date:
        """The day of a number."""
        return EPOCH.date() + timedelta(days=number)

    def name(self, station: str, at: int) -> str:
        """What a record is called: `SBG_20180305T120000`."""
        return f"{station}_{pd.Timestamp(self.time(at)):%Y%m%dT%H%M%S}"
