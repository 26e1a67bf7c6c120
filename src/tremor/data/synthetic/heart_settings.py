"""What the settings of the synthetic heart may be; any other is refused before all else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from tremor.data.synthetic.settings import within

WHERE = "the synthetic heart"
LIMITS = {  # smallest and largest value
    "patients": (2, math.inf),
    "records_per_patient": (1, 100),
    "effect_size": (0.0, 1.0),
    "seed": (0, math.inf),
    "duration": (1.0, 120.0),
    "longer": (0.0, 1.0),
    "sampling_rate": (100.0, 2000.0),
    "maxlen": (1, math.inf),
    "noise_level": (0.0, 50.0),
    "hospital_bias": (0.0, 1.0),
}


def check(settings: Mapping[str, Any]) -> None:
    """Refuse values out of their limits."""
    for name, (low, high) in LIMITS.items():
        within(name, settings[name], low, high)
