"""What the settings of the geomagnetic world may be; any other is refused before all else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from tremor.data.synthetic.settings import within
from tremor.errors import Refused

WHERE = "the synthetic geomagnetic world"
LIMITS = {  # smallest and largest value
    "n_events": (2, math.inf),
    "n_days": (2, 3650),
    "sampling_rate": (0.25, 10.0),
    "effect_size": (0.0, 100.0),
    "fingerprint": (0.0, 100.0),
    "noise_level": (1e-4, 1e3),
    "seed": (0, math.inf),
    "min_magnitude": (0.0, 9.0),
    "max_magnitude": (0.0, 9.0),
    "precursor_hours": (1.0, 240.0),
    "reach_km": (1.0, 5000.0),
}
NARROWEST = 0.004  # Hz, of the precursor's band


def check(settings: Mapping[str, Any]) -> None:
    """Refuse values out of their limits, an impossible band, and a start that is no day."""
    for name, (low, high) in LIMITS.items():
        if settings[name] is not None:
            within(name, settings[name], low, high)
    low, high = settings["min_magnitude"], settings["max_magnitude"]
    if low >= high:
        fault = f"min_magnitude {low} is not below max_magnitude {high}"
        raise Refused(fault, WHERE, "give a smaller min_magnitude or a larger max_magnitude")
    rate = settings["sampling_rate"]
    if not math.isclose(86400 * rate, round(86400 * rate)):
        fault = f"a day has no whole number of samples at sampling_rate {rate} Hz"
        raise Refused(fault, WHERE, "give 1.0, or another rate such as 0.5 or 2.0")
    _band(settings["band_mhz"], rate)
    _day(settings["start"])


def _band(band: Sequence[float], rate: float) -> None:
    """Refuse what is no band between 1 mHz and the highest frequency of the samples."""
    top = 500 * rate
    said = f"band_mhz is {list(band)}: two frequencies in rising order between 1 and {top:g} mHz"
    if len(band) != 2 or not 1 <= band[0] < band[1] <= top:
        raise Refused(said, WHERE, "give band_mhz=[22,40]")
    if band[1] - band[0] < 1000 * NARROWEST:
        fault = f"band_mhz is {list(band)}, narrower than {1000 * NARROWEST:g} mHz"
        raise Refused(fault, WHERE, "give band_mhz=[22,40]")


def _day(text: str) -> None:
    """Refuse a start that is not a day in UTC."""
    try:
        stamp = pd.Timestamp(str(text))
    except ValueError as error:
        raise _no_day(text) from error
    if pd.isna(stamp) or stamp.tz is not None or stamp != stamp.normalize():
        raise _no_day(text)


def _no_day(text: str) -> Refused:
    return Refused(f"start is '{text}', not a day", WHERE, "give a UTC day, such as 2018-01-01")
