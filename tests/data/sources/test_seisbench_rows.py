"""Rows of SeisBench tables that each lie in a way of their own, and rows that lie nowhere."""

from __future__ import annotations

from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
from seisbench_folders import TRACES, seisbench_folder

from tremor.data.cache import open_records
from tremor.data.records import RecordSet
from tremor.data.sources.seisbench import SeisBench


def opened(path: Path, **settings: Any) -> RecordSet:
    return open_records(SeisBench((str(path),), **settings), str(path.parent / "cache"))[0]


def reasons(records: RecordSet) -> list[str]:
    return [item["reason"] for item in records.meta["set_aside"]]


def test_traces_that_lie_differently_keep_their_own_facts(tmp_path: Path) -> None:
    """Each of another length, rate or dataset, among rows that cannot be used."""
    path = seisbench_folder(tmp_path / "a")
    lengths = [1000, 4096, 600, 5000, 4096, 700]
    names = [f"bucket0${n},:3,:{length}" for n, length in enumerate(lengths)]
    rates = [100.0, 100.0, 50.0, 100.0, 200.0, 100.0]
    told = {"trace_sampling_rate_hz": rates, "trace_p_arrival_sample": [500.0] * 6}
    told |= {"trace_start_time": [f"2020-01-0{n}T00:00:00Z" for n in range(1, 7)]}
    good = pd.DataFrame({"trace_name": names} | told)
    bad = good.assign(trace_name=[f"none{n}$0" for n in range(6)])
    table = pd.concat([good, bad]).sort_index(kind="stable")
    table.to_csv(path / "metadata.csv", index=False)
    records = opened(path, duration=5.0)
    assert reasons(records) == ["no such trace among the waveforms"] * 6
    assert records.table["trace_name"].tolist() == names
    since = pd.to_datetime(records.table["start_time"]) - pd.to_datetime(good["trace_start_time"])
    starts = since.dt.total_seconds().to_numpy() * rates
    arrival = records.table["p_time_s"].to_numpy() * rates + starts
    np.testing.assert_allclose(arrival, 500.0, atol=1e-3)
    for n in (0, 1, 3, 5):
        first = round(starts[n])
        window = TRACES[n][:, first : first + 500].astype(np.float32)
        np.testing.assert_array_equal(records.record(n), window)
        level = np.log10(window.astype(float).std(axis=1))
        said = records.table.loc[n, ["level_Z", "level_N", "level_E"]]
        np.testing.assert_allclose(said.tolist(), level)
    assert records.table["length"].tolist() == [500] * 6


def test_thousands_of_strange_rows_take_little_time(tmp_path: Path) -> None:
    path = seisbench_folder(tmp_path / "a")
    names = [f"{bucket}{n}$0,:3" for n in range(2500) for bucket in ("none", "../x")]
    table = pd.DataFrame({"trace_name": ["bucket0$0,:3,:6000", *names]})
    table.to_csv(path / "metadata.csv", index=False)
    start = process_time()
    assert len(reasons(opened(path))) == 5000
    assert process_time() - start < 2.0
