"""Folders of stations to records: what is found, what is set aside, what is refused."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

from tremor.data.cache import open_records
from tremor.data.labels import before_after
from tremor.data.records import RecordSet
from tremor.data.sources.stations import Stations
from tremor.data.splits import random
from tremor.data.synthetic.network import NorciaNetwork
from tremor.data.synthetic.write_stations import write_stations
from tremor.errors import Refused

WORLD = NorciaNetwork(n_events=12, duration=13.0, stations=("AAA", "BBB"))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stations")
    write_stations(WORLD, folder / "all")
    return folder / "all"


@pytest.fixture
def stations(written: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(written, tmp_path / "all"))


def opened(folder: Path, **settings: Any) -> RecordSet:
    return open_records(Stations(str(folder), **settings), f"{folder.parent}.cache")[0]


def aside(records: RecordSet) -> dict[str, str]:
    return {item["record_id"]: item["reason"] for item in records.meta["set_aside"]}


def changed(path: Path, **columns: Any) -> None:
    """The table at a path with other columns; None drops one."""
    table = pd.read_csv(path)
    for name, values in columns.items():
        table = table.drop(columns=name) if values is None else table.assign(**{name: values})
    table.to_csv(path, index=False)


def test_what_was_written_is_read(written: Path) -> None:
    records = opened(written)
    assert len(records) == 24
    assert records.channels == ("Z", "N", "E")
    assert records.sampling_rate == 100.0
    assert set(records.lengths) == {1300}
    assert not aside(records)
    catalogue = WORLD.catalogue()
    for place in (0, 5, 23):
        row = records.table.iloc[place]
        number = int(row["group"])
        ours = catalogue["group"].eq(f"ev{number:06d}") & catalogue["station"].eq(row["station"])
        (wanted,) = np.flatnonzero(ours)
        wave = WORLD.waveforms(np.array([wanted]))[0]
        np.testing.assert_array_equal(records.record(place), wave[[0, 1, 2]])
        assert row["p_time_s"] == pytest.approx(catalogue["p_time_s"][wanted], abs=1.0)


def test_one_earthquake_at_two_stations_is_one_event_on_one_side(written: Path) -> None:
    table = opened(written).table
    assert table["group"].nunique() == 12
    given = {"train_frac": None, "val_ratio": 0.2, "test_ratio": 0.3, "fold": None}
    parts = random(table, **given, n_folds=5, purge_hours=0.0, seed=0)
    assert (table.assign(part=parts).groupby("group")["part"].nunique() == 1).all()


def test_a_station_of_its_own_folder_is_found_as_well(written: Path) -> None:
    alone, chosen = opened(written / "BBB"), opened(written, station="BBB")
    assert set(alone.table["station"]) == {"BBB"}
    assert alone.table["record_id"].tolist() == chosen.table["record_id"].tolist()


def test_components_come_in_the_order_that_is_asked_for(written: Path) -> None:
    usual, other = opened(written), opened(written, component_order="ENZ")
    np.testing.assert_array_equal(other.record(3), usual.record(3)[[2, 1, 0]])


def test_longer_traces_are_cut_and_shorter_ones_set_aside(written: Path) -> None:
    cut = opened(written, n_samples=500)
    np.testing.assert_array_equal(cut.record(3), opened(written).record(3)[:, :500])
    with pytest.raises(Refused, match="1300 samples, fewer than 1301"):
        opened(written, n_samples=1301)


def test_bad_traces_are_named_and_set_aside(stations: Path) -> None:
    path = stations / "AAA" / "AAA_pre.hdf5"
    with h5py.File(path, "a") as file:
        names = list(file)
        bad: dict[str, Any] = {
            names[0]: np.zeros((2, 1300)),
            names[1]: np.full((3, 1300), np.nan),
            names[2]: np.ones((3, 900)),
            "stranger": np.ones((3, 1300)),
        }
        for name, samples in bad.items():
            if name in file:
                del file[name]
            file[name] = samples
        del file[names[3]]
    found = aside(opened(stations))
    assert found == {
        f"AAA__{names[0]}": "shape (2, 1300), not (3, 1300) or longer",
        f"AAA__{names[1]}": "samples that are not finite",
        f"AAA__{names[2]}": "900 samples, fewer than 1300",
        f"AAA__{names[3]}": "no dataset of this trace_name",
        "AAA__stranger": "no row of attributes",
    }


def test_other_sampling_rates_and_components_are_set_aside(stations: Path) -> None:
    path = stations / "AAA" / "AAA_pre_attribute.csv"
    count = len(pd.read_csv(path))
    rates, orders = [50.0] + [100.0] * (count - 1), ["ENZ"] * (count - 1) + ["EN1"]
    changed(path, trace_sampling_rate_hz=rates, trace_component_order=orders)
    reasons = set(aside(opened(stations)).values())
    assert reasons == {"50 Hz, not 100", "components EN1, not E, N and Z"}


def test_what_tables_do_not_say_has_to_be_given(stations: Path) -> None:
    for path in stations.rglob("*.csv"):
        changed(path, trace_sampling_rate_hz=None, trace_component_order=None)
    with pytest.raises(Refused) as refused:
        opened(stations)
    assert refused.value.remedy.startswith("dataset.stored_rate=100")
    with pytest.raises(Refused) as refused:
        opened(stations, stored_rate=100.0)
    assert refused.value.remedy.startswith("dataset.stored_order=ENZ")
    assert len(opened(stations, stored_rate=100.0, stored_order="ENZ")) == 24


def test_events_have_to_be_known(stations: Path) -> None:
    for path in stations.rglob("*.csv"):
        changed(path, source_id=None)
    by_time = opened(stations)
    assert by_time.table["group"].nunique() == 12
    for path in stations.rglob("*.csv"):
        changed(path, source_origin_time=None, p_travel_sec=None, quake="x")
    with pytest.raises(Refused, match="which traces are of one earthquake"):
        opened(stations)
    assert set(opened(stations, event_column="quake").table["group"]) == {"x"}


def test_an_older_name_of_the_table_will_do(stations: Path) -> None:
    for path in stations.rglob("*_attribute.csv"):
        path.rename(path.with_name(path.name.replace("_attribute.", "_attributes.")))
    assert len(opened(stations)) == 24


@pytest.mark.parametrize(
    ("file", "match"),
    [("AAA/AAA_post.hdf5", "lacks AAA_post.hdf5"), ("BBB/BBB_pre_attribute.csv", "lacks BBB_pre")],
)
def test_a_missing_twin_is_named(stations: Path, file: str, match: str) -> None:
    (stations / file).unlink()
    with pytest.raises(Refused, match=match):
        opened(stations)


def test_a_file_that_is_no_hdf5_is_refused(stations: Path) -> None:
    (stations / "AAA" / "AAA_pre.hdf5").write_bytes(b"no")
    with pytest.raises(Refused, match="cannot read it as HDF5"):
        opened(stations)


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"station": "AAB"}, "dataset.station=AAA"),
        ({"component_order": "ZZZ"}, "give E, N and Z"),
        ({"n_samples": 0}, "dataset.n_samples=1300"),
    ],
)
def test_settings_that_cannot_be_are_refused(
    written: Path, settings: dict[str, Any], remedy: str
) -> None:
    with pytest.raises(Refused) as refused:
        opened(written, **settings)
    assert refused.value.remedy.startswith(remedy)


def test_folders_without_stations_are_refused(tmp_path: Path) -> None:
    for folder, match in ((tmp_path / "none", "not there"), (tmp_path, "no station here")):
        with pytest.raises(Refused, match=match):
            Stations(str(folder)).files()
    with pytest.raises(Refused, match="no folder of stations is given"):
        Stations("").files()


def test_each_station_keeps_as_many_of_either_class(stations: Path) -> None:
    path = stations / "AAA" / "AAA_pre_attribute.csv"
    pd.read_csv(path).iloc[:2].to_csv(path, index=False)
    records = opened(stations)
    balanced = before_after(records.table, records.classes, seed=1)
    assert balanced.classes == ("foreshock", "aftershock")
    kept = balanced.table[balanced.table["label"] >= 0]
    counts = kept.groupby(["station", "label"]).size().unstack()
    assert counts.loc["AAA"].tolist() == [2, 2]
    assert counts.loc["BBB"].tolist() == [6, 6]
    whole = before_after(records.table, records.classes, balance=False)
    assert (whole.table["label"] >= 0).all()
    assert (whole.table["label"] == (whole.table["phase"] == "post")).all()
    again = before_after(records.table, records.classes, seed=1)
    assert again.table["label"].equals(balanced.table["label"])
    drawn = [before_after(records.table, records.classes, seed=n).table["label"] for n in range(9)]
    assert any(not one.equals(drawn[0]) for one in drawn)
