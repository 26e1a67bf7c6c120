"""SeisBench's folders to windows: real ones, both layouts, and every kind of bad file and trace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from scipy.signal import resample_poly
from seisbench_folders import RATE, TRACES, seisbench_folder

from tremor.data.cache import open_records
from tremor.data.labels import weighted
from tremor.data.module import DataModule
from tremor.data.records import RecordSet
from tremor.data.sources.seisbench import SeisBench
from tremor.errors import Refused


def opened(*paths: Path, **settings: Any) -> RecordSet:
    source = SeisBench(tuple(map(str, paths)), **settings)
    return open_records(source, str(paths[0].parent / "cache"))[0]


def reasons(records: RecordSet) -> list[str]:
    return [item["reason"] for item in records.meta["set_aside"]]


def test_real_records_come_back_at_the_wanted_rate(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "seisbench_format" / "dummydataset"
    source = SeisBench((str(path),), sampling_rate=20.0, duration=60.0, component_order="ENZ")
    records = open_records(source, str(tmp_path))[0]
    with h5py.File(path / "waveforms.hdf5") as file:
        wanted = np.concatenate([file[f"data/bucket{n}"][:] for n in range(3)])[:, ::-1]
    got = np.stack([records.record(n) for n in range(100)])
    np.testing.assert_array_equal(got, wanted.astype(np.float32))
    assert records.table["magnitude"][0] == 1.353
    assert records.table["start_time"][0] == "2007-01-01T01:42:45.080000Z"
    faster = open_records(SeisBench((str(path),), duration=60.0), str(tmp_path))[0]
    assert faster.lengths.tolist() == [6000] * 100
    up = resample_poly(wanted[7, ::-1], 5, 1, axis=1, padtype="line")
    np.testing.assert_allclose(faster.record(7), up, rtol=1e-5, atol=1e-3)


def test_windows_are_pieces_of_their_trace_and_repeat(tmp_path: Path) -> None:
    path = seisbench_folder(tmp_path / "a", trace_start_time="2016-10-30 06:40:17")
    records = opened(path, duration=10.0)
    assert records.lengths.tolist() == [1000] * 6
    for trace, row in zip(TRACES, range(6), strict=True):
        start = pd.Timestamp(records.table["start_time"][row]) - pd.Timestamp(
            "2016-10-30T06:40:17Z"
        )
        first = round(start.total_seconds() * RATE)
        np.testing.assert_array_equal(
            records.record(row), trace[:, first : first + 1000].astype("f4")
        )
    assert records.table["start_time"].nunique() == 6
    again = opened(path, duration=10.0, component_order="Z")
    assert again.table["start_time"].tolist() == records.table["start_time"].tolist()
    other = opened(path, duration=10.0, seed=1)
    assert other.table["start_time"].tolist() != records.table["start_time"].tolist()


@pytest.mark.parametrize("seed", range(20))
def test_windows_around_arrivals_hold_the_first(tmp_path: Path, seed: int) -> None:
    arrivals = {"trace_P_arrival_sample": [500, 3000, 5999, np.nan, np.nan, 9999]}
    arrivals["trace_S_arrival_sample"] = [900, 3500, np.nan, 100, np.nan, np.nan]
    path = seisbench_folder(tmp_path / "a", **arrivals)
    records = opened(path, duration=10.0, around_arrivals=True, seed=seed)
    assert reasons(records) == ["no arrival in the trace"] * 2
    inside = records.table["p_time_s"].dropna()
    assert len(inside) == 3
    assert inside.between(0, 10, inclusive="left").all()


def test_traces_lie_in_buckets_of_any_layout(tmp_path: Path) -> None:
    path = seisbench_folder(tmp_path / "a")
    table = pd.DataFrame({"trace_name": ["whole", "many$1,:3,10:", "inner$:, 2,-500:"]})
    table["trace_component_order"] = ["ENZ", "ZNE", "ZNE"]
    table.to_csv(path / "metadata.csv", index=False)
    with h5py.File(path / "waveforms.hdf5", "a") as file:
        file["data/whole"] = TRACES[0][::-1]
        file["data/many"] = TRACES[:2]
        file["data/inner"] = TRACES.transpose(1, 0, 2)
    records = opened(path, duration=60.0)
    for row, wanted in enumerate([TRACES[0], TRACES[1][:, 10:], TRACES[2][:, -500:]]):
        np.testing.assert_array_equal(records.record(row), wanted.astype(np.float32))


def test_time_may_come_before_the_component(tmp_path: Path) -> None:
    path = seisbench_folder(tmp_path / "a")
    pd.DataFrame({"trace_name": ["b$1,:6000,:3"]}).to_csv(path / "metadata.csv", index=False)
    with h5py.File(path / "waveforms.hdf5", "a") as file:
        file["data/b"] = TRACES.transpose(0, 2, 1)
        del file["data_format/dimension_order"]
        file["data_format/dimension_order"] = "NWC"
    np.testing.assert_array_equal(opened(path, duration=60.0).record(0), TRACES[1].astype("f4"))


def test_chunks_are_joined_and_events_stay_together(tmp_path: Path) -> None:
    path = seisbench_folder(tmp_path / "a", chunk="_a", source_id=[1, 1, 2, 2, np.nan, np.nan])
    seisbench_folder(path, TRACES[:3] + 1, chunk="_b", source_id=["1", "7", "2"])
    records = opened(path)
    assert records.table["group"].tolist()[:4] == ["a 1", "a 1", "a 2", "a 2"]
    assert records.table["group"].nunique() == 5
    (path / "chunks").write_text("_b\n")
    assert len(opened(path)) == 3


def test_each_folder_gets_its_share_of_the_draws(tmp_path: Path) -> None:
    paths = [seisbench_folder(tmp_path / "a"), seisbench_folder(tmp_path / "b", TRACES[:2] + 1)]
    plain = opened(*paths)
    records = replace(plain, table=weighted(plain.table, plain.classes, (1.0, 3.0)).table)
    parts = pd.Series(["train"] * 7 + ["val"])
    module = DataModule(records, parts, batch_size=4)
    weights = module._weights(module.part("train"))
    assert weights is not None
    np.testing.assert_allclose(weights, [1 / 6] * 6 + [3.0])
    alike = DataModule(plain, parts)
    assert alike._weights(alike.part("train")) is None
    assert weighted(plain.table, plain.classes, None).table is plain.table
    with pytest.raises(Refused, match="for 2 folders"):
        weighted(plain.table, plain.classes, (1.0,))
    with pytest.raises(Refused, match="for 2 folders"):
        weighted(plain.table, plain.classes, (1.0, 0.0))


@pytest.mark.parametrize(
    ("columns", "settings", "said"),
    [
        ({"trace_component_order": "Z12"}, {}, "2 x no component N, E"),
        ({"split": "test"}, {"published_split": "train"}, "no row of split train"),
    ],
)
def test_a_folder_without_a_usable_trace_is_refused(
    tmp_path: Path, columns: dict[str, Any], settings: dict[str, Any], said: str
) -> None:
    sound = seisbench_folder(tmp_path / "a", split="train")
    barren = seisbench_folder(tmp_path / "b", TRACES[:2] + 1, **columns)
    with pytest.raises(Refused, match=said) as refused:
        opened(sound, barren, **settings)
    assert refused.value.where == str(barren)


def test_the_published_split_is_kept_to(tmp_path: Path) -> None:
    path = seisbench_folder(tmp_path / "a", split=["train"] * 4 + ["test"] * 2)
    assert len(opened(path, published_split="train")) == 4
    with pytest.raises(Refused, match="no column split"):
        opened(seisbench_folder(tmp_path / "b"), published_split="train")


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "another order": ({"trace_component_order": "Z12"}, "no component N, E"),
    "no rate": ({"trace_sampling_rate_hz": -1}, "unknown sampling rate"),
    "short": ({"trace_npts": 200}, "too short"),
    "no trace": ({"trace_name": "../../data_format$0"}, "no such trace among the waveforms"),
    "no bucket": ({"trace_name": "bucket9$0,:3,:"}, "no such trace among the waveforms"),
    "no place": ({"trace_name": "bucket0$zero"}, "samples that cannot be read"),
    "outside": ({"trace_name": "bucket0$99,:3,:"}, "samples that cannot be read"),
    "one number": ({"trace_name": "bucket0$0,1,:"}, "not a trace of components and time"),
    "unnamed": ({"trace_name": np.nan}, "no such trace among the waveforms"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_traces_are_named_and_set_aside(tmp_path: Path, name: str) -> None:
    wrong, reason = BAD[name]
    path = seisbench_folder(tmp_path / "a")
    table = pd.read_csv(path / "metadata.csv")
    for column, value in wrong.items():
        table[column] = table.get(column, pd.Series([np.nan] * 6, dtype=object)).astype(object)
        table.loc[2, column] = value
    table.to_csv(path / "metadata.csv", index=False)
    records = opened(path)
    assert records.meta["set_aside"] == [{"record_id": "a_0000002", "reason": reason}]
    assert len(records) == 5


def test_dead_and_infinite_samples_are_set_aside(tmp_path: Path) -> None:
    traces = TRACES.copy()
    traces[1], traces[3, 0, ::500] = 4.0, np.inf
    records = opened(seisbench_folder(tmp_path / "a", traces))
    assert reasons(records) == ["all channels constant", "samples that are not finite"]


def test_files_that_are_not_whole_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no such folder"):
        opened(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(Refused, match="missing in the folder"):
        opened(tmp_path / "empty")
    path = seisbench_folder(tmp_path / "a")
    (path / "chunks").write_text("/../../b\n")
    with pytest.raises(Refused, match="missing in the folder"):
        opened(path)
    (path / "chunks").unlink()
    whole = (path / "waveforms.hdf5").read_bytes()
    (path / "waveforms.hdf5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(Refused, match="cannot read it as HDF5"):
        opened(path)
    (path / "waveforms.hdf5").write_bytes(whole)
    (path / "metadata.csv").write_text("name\nx\n")
    with pytest.raises(Refused, match="no column trace_name"):
        opened(path)
    with pytest.raises(Refused, match="folders of one name"):
        opened(path, path)
