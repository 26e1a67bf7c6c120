"""Small folders in SeisBench's format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

RATE = 100.0
RNG = np.random.default_rng(0)
TRACES = RNG.normal(size=(6, 3, 6000))  # (trace, channel, time), 60 s


def seisbench_folder(path: Path, traces: Any = TRACES, chunk: str = "", **columns: Any) -> Path:
    """A folder of one bucket, the columns beside `trace_name` given."""
    path.mkdir(exist_ok=True)
    names = [f"bucket0${n},:3,:{traces.shape[2]}" for n in range(len(traces))]
    table = pd.DataFrame({"trace_name": names} | columns)
    table.to_csv(path / f"metadata{chunk}.csv", index=False)
    with h5py.File(path / f"waveforms{chunk}.hdf5", "w") as file:
        file["data/bucket0"] = traces
        for key, value in {"component_order": "ZNE", "dimension_order": "CW"}.items():
            file[f"data_format/{key}"] = value
        file["data_format/sampling_rate"] = RATE
    return path
