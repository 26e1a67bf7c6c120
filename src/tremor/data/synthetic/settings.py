"""What a world's settings may be; any other is refused before anything is made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from tremor.errors import Refused

LIMITS = {  # smallest and largest value
    "n_events": (2, math.inf),
    "n_pre": (2, math.inf),
    "n_visso": (1, math.inf),
    "n_post": (2, math.inf),
    "effect_size": (0.0, 10.0),
    "seed": (0, math.inf),
    "windows": (1, 5),
    "duration": (1.0, 600.0),
    "sampling_rate": (10.0, 1000.0),
    "min_magnitude": (-2.0, 8.0),
    "max_magnitude": (-2.0, 8.0),
    "noise_level": (0.0, math.inf),
    "days_before": (0.1, 3650.0),
    "days_after": (0.1, 3650.0),
}


def check(settings: Mapping[str, Any]) -> None:
    """Refuse values out of their limits, magnitudes in the wrong order, and times that are none."""
    for name, (low, high) in LIMITS.items():
        if name in settings:
            within(name, settings[name], low, high)
    if settings["min_magnitude"] >= settings["max_magnitude"]:
        raise Refused(
            f"min_magnitude {settings['min_magnitude']} is not below max_magnitude "
            f"{settings['max_magnitude']}",
            "the synthetic world",
            "give a smaller min_magnitude or a larger max_magnitude",
        )
    _time(settings["main_shock"])


def within(name: str, value: float, low: float, high: float) -> None:
    """Refuse a number that is not finite or lies outside `[low, high]`."""
    if not (low <= value <= high and math.isfinite(value)):
        bounds = f"at least {low}" if math.isinf(high) else f"from {low} to {high}"
        raise Refused(f"{name} is {value}", "the synthetic world", f"give a value {bounds}")


def _time(text: str) -> None:
    try:
        stamp = pd.Timestamp(text)
    except ValueError as error:
        raise _no_time(text) from error
    if pd.isna(stamp) or stamp.tz is not None:
        raise _no_time(text)


def _no_time(text: str) -> Refused:
    return Refused(
        f"main_shock is '{text}', not a time",
        "the synthetic world",
        "give UTC without a zone, such as 2016-10-30T06:40:17.32",
    )
