"""The Norcia form of a world: columns, types and samples of the real files."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from tremor.data.sources.safe_pickle import read_pickle
from tremor.data.synthetic import write_norcia as module
from tremor.data.synthetic.sequence import NorciaSequence
from tremor.data.synthetic.write_norcia import write_norcia
from tremor.errors import Refused

WORLD = NorciaSequence(n_pre=5, n_visso=2, n_post=3)
COLUMNS = [
    *("E_channel", "N_channel", "Z_channel", "trace_name", "label", "trace_start_time"),
    *("network_code", "receiver_name", "receiver_type", "receiver_elevation_m"),
    *("receiver_latitude", "receiver_longitude", "source_id", "source_depth_km"),
    *("source_latitude", "source_longitude", "source_magnitude_type", "source_magnitude"),
    *("source_origin_time", "p_travel_sec"),
]


def test_pickles_have_the_twenty_columns(tmp_path: Path) -> None:
    files = write_norcia(WORLD, tmp_path, "pickle")
    assert [file.name for file in files] == [
        f"dataframe_{phase}_NRCA.csv" for phase in ("pre", "visso", "post")
    ]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    for file, label in zip(files, ([1, 0], [0, 0], [0, 1]), strict=True):
        frame = read_pickle(file)
        assert frame.columns.tolist() == COLUMNS
        assert frame["label"].tolist() == [label] * len(frame)
        assert {frame[c].dtype for c in ("trace_name", "source_origin_time")} == {np.dtype(object)}
        assert frame["source_id"].dtype == np.int64
        first = frame["E_channel"].iloc[0]
        assert (first.dtype, first.shape) == (np.float64, (2500,))
        assert (pd.to_datetime(frame["source_origin_time"]).dt.microsecond == 0).all()


def test_hdf5_files_have_a_dataset_a_trace_and_a_table(tmp_path: Path) -> None:
    write_norcia(WORLD, tmp_path, "hdf5")
    assert len(list(tmp_path.iterdir())) == 6
    table = pd.read_csv(tmp_path / "NRCA_attributes_pre.csv")
    assert table.columns.tolist() == [name for name in COLUMNS[3:] if name != "label"]
    with h5py.File(tmp_path / "NRCA_catalog_pre.hdf5") as file:
        assert sorted(file) == sorted(table["trace_name"])
        samples = file[table["trace_name"][4]][()]
    assert samples.dtype == np.float64
    np.testing.assert_array_equal(samples[::-1], WORLD.waveforms([4])[0])


@pytest.mark.parametrize("kind", ["pickle", "hdf5"])
def test_chunks_do_not_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    whole = write_norcia(WORLD, tmp_path / "whole", kind)
    monkeypatch.setattr(module, "CHUNK", 2)
    parts = write_norcia(WORLD, tmp_path / "parts", kind)
    for one, two in zip(whole, parts, strict=True):
        if one.suffix == ".csv":
            assert one.read_bytes() == two.read_bytes()


def test_places_and_travel_times_fit_the_distance(tmp_path: Path) -> None:
    write_norcia(WORLD, tmp_path, "hdf5")
    table = pd.read_csv(tmp_path / "NRCA_attributes_pre.csv")
    made = WORLD.catalogue().iloc[:5]
    north = (table["source_latitude"] - table["receiver_latitude"]) * 111.195
    east = (table["source_longitude"] - table["receiver_longitude"]) * 111.195
    east *= np.cos(np.deg2rad(table["receiver_latitude"]))
    distance = np.sqrt(north**2 + east**2 + table["source_depth_km"] ** 2)
    np.testing.assert_allclose(distance, made["distance_km"], rtol=1e-9)
    np.testing.assert_allclose(table["p_travel_sec"], made["distance_km"] / 5.7)


@pytest.mark.parametrize("wrong", [{"duration": 8.0}, {"sampling_rate": 50.0}])
def test_other_lengths_and_rates_are_refused_and_leave_no_file(
    tmp_path: Path, wrong: dict[str, float]
) -> None:
    world = NorciaSequence(n_pre=2, n_visso=1, n_post=2, **wrong)
    with pytest.raises(Refused, match="do not fit the Norcia files"):
        write_norcia(world, tmp_path, "hdf5")
    assert not list(tmp_path.iterdir())
