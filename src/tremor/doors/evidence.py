"""Where the evidence is: known for the records of synthetic worlds, and for no others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.config.build import Plain, build
from tremor.explain.explanation import Axis

BINS = 33  # frequencies that evidence is summed over for explanations of signals


def evidence_of(
    config: Plain, names: Sequence[str], axes: Sequence[Axis], sampling_rate: float
) -> NDArray[np.float64] | None:
    """Evidence `(record, …cells)` of 0 and more; None where nobody knows it.

    For signals it is summed over frequencies.
    """
    node = config["dataset"]["records"].get("world")
    if node is None or axes[0].name != "component" or any(not axis.unit for axis in axes[1:]):
        return None
    world: Any = build(node)
    if not hasattr(world, "evidence"):
        return None
    catalogue: pd.DataFrame = world.catalogue().set_index("record_id", drop=False)
    known = {axis.name: np.asarray(axis.values, np.float64) for axis in axes[1:]}
    if "time" not in known:
        return None
    frequencies = known.get("frequency", np.linspace(0, sampling_rate / 2, BINS))
    maps = np.stack(
        [world.evidence(catalogue.loc[name], known["time"], frequencies) for name in names]
    )
    return maps if "frequency" in known else maps.sum(2)
