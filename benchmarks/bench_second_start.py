"""The second start of a 20,000-record set: from the source's settings to the first batch."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path
from typing import Any

from side_by_side import interleaved, keep

import numpy as np  # isort: skip
import pandas as pd  # isort: skip

from tremor.data.audit import audit
from tremor.data.cache import open_records
from tremor.data.module import DataModule
from tremor.data.sources.waveform_pickle import WaveformPickle
from tremor.data.splits import stratified

RECORDS, SAMPLES = 20_000, 1300
SPLIT: dict[str, Any] = {"train_frac": None, "val_ratio": 0.1, "test_ratio": 0.3}
SPLIT |= {"fold": None, "n_folds": 5, "purge_hours": 0.0, "seed": 0}


def main() -> None:
    rng = np.random.default_rng(0)
    waves = rng.standard_normal((RECORDS, SAMPLES, 3), dtype=np.float32)
    events = [pd.DataFrame(wave, columns=["Z", "N", "E"]) for wave in waves]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.pkl"
        with path.open("wb") as file:
            pickle.dump((events, np.arange(RECORDS) % 2), file)
        source = WaveformPickle((str(path),))

        def first() -> None:
            with tempfile.TemporaryDirectory() as cold:
                start(source, cold)

        def second() -> None:
            start(source, folder)

        seconds = interleaved({"first start (reads the pickle)": first, "second start": second}, 3)
    what = f"{RECORDS} pickled events ({SAMPLES}, 3): open, split, audit, first training batch"
    keep("second_start", seconds, RECORDS, "first start (reads the pickle)", what, "second < 1 s")


def start(source: WaveformPickle, cache: str) -> None:
    """What a door does with data before the first step."""
    records, _ = open_records(source, cache)
    parts = stratified(records.table, **SPLIT)
    audit(records.table, parts, records.classes)
    next(iter(DataModule(records, parts).train_dataloader()))


if __name__ == "__main__":
    main()
