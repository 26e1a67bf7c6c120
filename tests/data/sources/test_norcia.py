"""The Norcia files to records: both kinds alike, and every kind of bad file, table and trace."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
from pickles import called, short

from tremor.data.cache import open_records
from tremor.data.labels import time_bins
from tremor.data.records import RecordSet
from tremor.data.sources.norcia import Norcia
from tremor.data.sources.safe_pickle import read_pickle
from tremor.data.synthetic.sequence import NorciaSequence
from tremor.data.synthetic.write_norcia import write_norcia
from tremor.errors import Refused

WORLD = NorciaSequence(n_pre=6, n_visso=2, n_post=4)
KINDS = ("hdf5", "pickle")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sound set of each kind, not to be changed."""
    folder = tmp_path_factory.mktemp("norcia")
    for kind in KINDS:
        write_norcia(WORLD, folder / kind, kind)
    return folder


@pytest.fixture
def sets(written: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(written, tmp_path / "sets"))


def opened(folder: Path, **settings: Any) -> RecordSet:
    source = Norcia(str(folder), **settings)
    return open_records(source, str(folder.parent / "cache"))[0]


def aside(records: RecordSet) -> dict[str, str]:
    return {item["record_id"]: item["reason"] for item in records.meta["set_aside"]}


def pickled(sets: Path) -> pd.DataFrame:
    frame = read_pickle(sets / "pickle" / "dataframe_pre_NRCA.csv")
    assert isinstance(frame, pd.DataFrame)
    return frame


def repickled(sets: Path, frame: Any) -> Path:
    path = sets / "pickle" / "dataframe_pre_NRCA.csv"
    path.write_bytes(pickle.dumps(frame))
    return path.parent


def table_of(sets: Path) -> Path:
    return sets / "hdf5" / "NRCA_attributes_pre.csv"


@pytest.mark.parametrize("kind", KINDS)
def test_samples_and_rows_come_back(written: Path, tmp_path: Path, kind: str) -> None:
    records = open_records(Norcia(str(written / kind)), str(tmp_path))[0]
    made = WORLD.catalogue()
    assert (records.channels, records.sampling_rate) == (("Z", "N", "E"), 100.0)
    np.testing.assert_array_equal(records.gather(np.arange(12), 2500), WORLD.waveforms(slice(None)))
    table = records.table
    assert table["record_id"][3] == "NRCA.SY.3_EV"
    assert table["group"].tolist() == [str(number) for number in range(12)]
    assert table["phase"].tolist() == ["pre"] * 6 + ["visso"] * 2 + ["post"] * 4
    assert [records.classes[label] for label in table["label"]] == table["phase"].tolist()
    assert set(table["station"]) == {"NRCA"}
    for name in ("start_time", "magnitude", "depth_km"):
        assert table[name].tolist() == made[name].tolist()
    assert ((made["p_time_s"] - table["p_time_s"]).between(0, 1)).all()
    assert table["latitude"].between(42.7, 43.0).all()
    assert table["longitude"].between(12.9, 13.3).all()


def test_both_kinds_give_the_same_records(sets: Path) -> None:
    one, two = (opened(sets / kind) for kind in KINDS)
    pd.testing.assert_frame_equal(one.table, two.table)
    assert one.fingerprint != two.fingerprint


@pytest.mark.parametrize("kind", KINDS)
def test_components_come_in_the_order_asked_for(sets: Path, kind: str) -> None:
    plain, turned = opened(sets / kind), opened(sets / kind, component_order="ENZ")
    assert turned.channels == ("E", "N", "Z")
    np.testing.assert_array_equal(plain.record(5)[[2, 1, 0]], turned.record(5))


@pytest.mark.parametrize("order", ["ZN", "ZNEE", "zne", "ZNX", ""])
def test_other_components_are_refused(order: str) -> None:
    with pytest.raises(Refused, match="component_order"):
        Norcia("x", component_order=order)


def test_the_folder_of_earlier_programs_is_found_and_hdf5_comes_first(sets: Path) -> None:
    (sets / "pickle").rename(sets / "foreshock_aftershock_NRCA")
    assert all(
        path.parent.name == "foreshock_aftershock_NRCA" for path in Norcia(str(sets)).files()
    )
    for path in (sets / "hdf5").iterdir():
        path.rename(sets / path.name)
    assert {path.suffix for path in Norcia(str(sets)).files()[:2]} == {".hdf5", ".csv"}


def test_missing_files_are_told_at_once(sets: Path) -> None:
    for phase in ("visso", "post"):
        (sets / "pickle" / f"dataframe_{phase}_NRCA.csv").unlink()
    with pytest.raises(Refused) as refused:
        Norcia(str(sets / "pickle")).files()
    told = refused.value
    assert "as pickle dataframe_visso_NRCA.csv, dataframe_post_NRCA.csv" in told.problem
    assert "dataframe_pre" not in told.problem
    assert "NRCA_catalog_pre.hdf5" in told.problem
    assert told.where.endswith("foreshock_aftershock_NRCA")
    for words in ("10.5281/zenodo.12795621", "fetch_norcia.py", "dataset.source=synthetic"):
        assert words in told.remedy


@pytest.mark.parametrize(
    ("kind", "gone"),
    [("hdf5", "NRCA_attributes_visso.csv"), ("pickle", "dataframe_visso_NRCA.csv")],
)
def test_visso_may_be_missing_and_that_is_said(sets: Path, kind: str, gone: str) -> None:
    (sets / kind / gone).unlink()
    records = opened(sets / kind)
    assert records.classes == ("post", "pre")
    assert len(records) == 10
    ((names, reason),) = aside(records).items()
    assert gone in names
    assert "odd dataset.num_classes" in reason
    made = time_bins(records.table, records.classes, 2, WORLD.main_shock)
    assert made.table["label"].value_counts().to_dict() == {0: 4, 1: 4, -1: 2}
    with pytest.raises(Refused, match="no event of visso") as refused:
        time_bins(records.table, records.classes, 3, WORLD.main_shock)
    assert gone in refused.value.remedy


def test_a_whole_set_is_preferred_to_one_without_visso(sets: Path) -> None:
    for path in (sets / "hdf5").iterdir():
        if "visso" not in path.name:
            path.rename(sets / "pickle" / path.name)
    assert len(opened(sets / "pickle")) == 12
    assert len(Norcia(str(sets / "pickle")).files()) == 3


def test_another_station_has_files_of_its_own(sets: Path, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="station MC2"):
        Norcia(str(sets / "pickle"), station="MC2").files()
    write_norcia(WORLD, tmp_path / "mc2", "pickle", station="MC2")
    assert set(opened(tmp_path / "mc2", station="MC2").table["station"]) == {"MC2"}


def test_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no folder"):
        Norcia("").files()


SPOILED: dict[str, tuple[str, Any, str]] = {
    "no component": ("N_channel", None, "no component N"),
    "text": ("E_channel", np.array(["a"] * 2500), "no component E"),
    "two rows": ("Z_channel", np.zeros((2, 2500)), "no component Z"),
    "unequal": ("Z_channel", np.ones(2400), "components of unequal length"),
    "not finite": ("Z_channel", np.full(2500, np.nan), "samples that are not finite"),
    "too large": ("Z_channel", np.full(2500, 1e300), "samples that are not finite"),
    "no start": ("trace_start_time", None, "trace_start_time is not a time"),
    "now": ("trace_start_time", "now", "trace_start_time is not a time"),
    "no origin": ("source_origin_time", np.nan, "source_origin_time is not a time"),
    "no event": ("source_id", None, "no source_id"),
    "many events": ("source_id", [1, 2], "no source_id"),
    "repeated": ("trace_name", "NRCA.SY.1_EV", "repeats a trace_name"),
    "no name": ("trace_name", None, "no usable trace_name"),
    "many names": ("trace_name", np.arange(2), "no usable trace_name"),
    "path": ("trace_name", "a/b", "no usable trace_name"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_bad_row_of_a_pickle_is_set_aside(sets: Path, name: str) -> None:
    column, value, reason = SPOILED[name]
    frame = pickled(sets).astype({column: object})
    frame.at[2, column] = value
    records = opened(repickled(sets, frame))
    assert len(records) == 11
    nameless = reason == "no usable trace_name"
    names = {"repeats a trace_name": "NRCA.SY.1_EV"}
    told = "dataframe_pre_NRCA.csv row 2" if nameless else names.get(reason, "NRCA.SY.2_EV")
    assert aside(records) == {told: reason}


def test_wrong_length_and_constant_traces_are_set_aside(sets: Path) -> None:
    frame = pickled(sets)
    for column in ("E_channel", "N_channel", "Z_channel"):
        frame.at[0, column] = np.ones(2499)
        frame.at[1, column] = np.full(2500, 7.0)
    frame.at[2, "E_channel"] = np.full(2500, 7.0)
    assert aside(opened(repickled(sets, frame))) == {
        "NRCA.SY.0_EV": "2499 samples, not 2500",
        "NRCA.SY.1_EV": "all channels constant",
    }


def test_an_empty_row_of_a_pickle_is_set_aside(sets: Path) -> None:
    frame = pickled(sets).astype(object)
    frame.loc[1, frame.columns.difference(["E_channel", "N_channel", "Z_channel"])] = None
    records = opened(repickled(sets, frame))
    assert aside(records) == {"dataframe_pre_NRCA.csv row 1": "empty row of attributes"}
    assert records.table["group"].tolist()[:2] == ["0", "2"]


def test_times_may_be_stamps_and_extra_columns_or_unneeded_ones_lacking(sets: Path) -> None:
    whole = opened(sets / "pickle").table
    frame = pickled(sets).drop(columns=["p_travel_sec", "source_depth_km", "label"])
    stamps = pd.to_datetime(frame["trace_start_time"]).dt.tz_localize(None)
    frame["trace_start_time"] = stamps.mask(stamps.index == 5)
    frame["source_magnitude"] = frame["source_magnitude"].astype(object)
    frame.at[0, "source_magnitude"] = "unknown"
    records = opened(repickled(sets, frame.assign(note="x")))
    table = records.table
    assert aside(records) == {"NRCA.SY.5_EV": "trace_start_time is not a time"}
    assert table["start_time"].tolist() == whole["start_time"].drop(5).tolist()
    assert table["p_time_s"].isna().sum() == table["depth_km"].isna().sum() == 5
    assert np.isnan(table["magnitude"][0])
    assert table["magnitude"][1] == whole["magnitude"][1]


def test_several_traces_of_one_event_share_its_group(sets: Path) -> None:
    frame = pickled(sets)
    frame["source_id"] = [7, 7, 8, 8, 9, 9]
    assert opened(repickled(sets, frame)).table["group"].tolist()[:6] == list("778899")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_every_protocol_are_read(sets: Path, protocol: int) -> None:
    frame, path = pickled(sets), sets / "pickle" / "dataframe_pre_NRCA.csv"
    path.write_bytes(pickle.dumps(frame, protocol=protocol))
    assert len(opened(path.parent)) == 12


def test_a_hostile_pickle_is_refused_and_nothing_is_run(
    sets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sets)
    path = sets / "pickle" / "dataframe_pre_NRCA.csv"
    path.write_bytes(called("os.system", short("touch canary")) + b".")
    with pytest.raises(Refused, match=r"os\.system; nothing was run") as refused:
        opened(path.parent)
    assert refused.value.where == str(path)
    assert not (sets / "canary").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([1, 2], "holds a list, not a DataFrame"),
        (pd.DataFrame({"a": [1]}), "columns are missing: trace_name, trace_start_time"),
    ],
)
def test_pickles_of_something_else_are_refused(sets: Path, content: Any, said: str) -> None:
    with pytest.raises(Refused, match=said):
        opened(repickled(sets, content))


def test_columns_that_are_there_twice_are_refused(sets: Path) -> None:
    frame = pickled(sets)
    with pytest.raises(Refused, match="there twice"):
        opened(repickled(sets, pd.concat([frame, frame[["source_id"]]], axis=1)))


Damage = Callable[[h5py.File], None]
FIRST = "NRCA.SY.0_EV"


def replaced(data: Any) -> Damage:
    """Puts other samples in the place of the first trace."""

    def damage(file: h5py.File) -> None:
        del file[FIRST]
        file.create_dataset(FIRST, data=data)

    return damage


def elsewhere(file: h5py.File) -> None:
    del file[FIRST]
    file.create_dataset(FIRST, (3, 2500), "f8", external=[("secret", 0, 60000)])


def virtual(file: h5py.File) -> None:
    del file[FIRST]
    layout = h5py.VirtualLayout((3, 2500), "f8")
    layout[:] = h5py.VirtualSource("other.hdf5", "x", (3, 2500))
    file.create_virtual_dataset(FIRST, layout)


def linked(file: h5py.File) -> None:
    del file[FIRST]
    file[FIRST] = h5py.ExternalLink("other.hdf5", "/x")


def unreadable(file: h5py.File) -> None:
    """A compressed dataset whose only chunk is not what the compression made."""
    del file[FIRST]
    made = file.create_dataset(FIRST, (3, 2500), "f8", chunks=(3, 2500), compression="gzip")
    made.id.write_direct_chunk((0, 0), b"no gzip")


def extra(file: h5py.File) -> None:
    file.create_dataset("a/b/extra", data=np.zeros((3, 2500)))


def misnamed(file: h5py.File) -> None:
    file.create_dataset(b"\xff", data=np.zeros((3, 2500)))


DAMAGES: dict[str, tuple[Damage, dict[str, str]]] = {
    "gone": (lambda file: file.__delitem__(FIRST), {FIRST: "no dataset of this trace_name"}),
    "link": (linked, {FIRST: "no dataset of this trace_name"}),
    "two": (replaced(np.ones((2, 2500))), {FIRST: "shape (2, 2500), not (3, 2500)"}),
    "turned": (replaced(np.ones((2500, 3))), {FIRST: "shape (2500, 3), not (3, 2500)"}),
    "flat": (replaced(np.ones(2500)), {FIRST: "shape (2500,), not (3, 2500)"}),
    "short": (replaced(np.ones((3, 100))), {FIRST: "100 samples, not 2500"}),
    "null": (replaced(h5py.Empty("f8")), {FIRST: "shape (), not (3, 2500)"}),
    "text": (replaced([["a"] * 2500] * 3), {FIRST: "samples that are not numbers"}),
    "nan": (replaced(np.full((3, 2500), np.nan)), {FIRST: "samples that are not finite"}),
    "dead": (replaced(np.full((3, 2500), 4)), {FIRST: "all channels constant"}),
    "elsewhere": (elsewhere, {FIRST: "samples in another file"}),
    "virtual": (virtual, {FIRST: "samples in another file"}),
    "unreadable": (unreadable, {FIRST: "samples that cannot be read"}),
    "extra": (extra, {"extra": "no row of attributes"}),
    "extra of no letters": (misnamed, {"\ufffd": "no row of attributes"}),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_bad_dataset_is_set_aside(sets: Path, name: str) -> None:
    damage, told = DAMAGES[name]
    with h5py.File(sets / "hdf5" / "NRCA_catalog_pre.hdf5", "a") as file:
        damage(file)
    records = opened(sets / "hdf5")
    assert aside(records) == told
    assert len(records) == 11 + name.startswith("extra")


def test_datasets_may_be_in_groups_and_of_whole_numbers(sets: Path) -> None:
    with h5py.File(sets / "hdf5" / "NRCA_catalog_pre.hdf5", "a") as file:
        whole = np.arange(7500).reshape(3, 2500)
        replaced(whole)(file)
        file.move(FIRST, f"data/pre/{FIRST}")
    np.testing.assert_array_equal(opened(sets / "hdf5").record(0), whole[::-1])


def test_two_datasets_of_one_name_are_refused(sets: Path) -> None:
    with h5py.File(sets / "hdf5" / "NRCA_catalog_pre.hdf5", "a") as file:
        file.create_dataset(f"again/{FIRST}", data=np.zeros((3, 2500)))
    with pytest.raises(Refused, match="several datasets of one name"):
        opened(sets / "hdf5")


@pytest.mark.parametrize("content", [b"", b"version https://git-lfs", b"\x89HDF\r\n\x1a\n" * 9])
def test_a_broken_hdf5_file_is_refused(sets: Path, content: bytes) -> None:
    path = sets / "hdf5" / "NRCA_catalog_pre.hdf5"
    path.write_bytes(content)
    with pytest.raises(Refused, match="cannot read it as HDF5") as refused:
        opened(sets / "hdf5")
    assert refused.value.where == str(path)


@pytest.mark.parametrize("cut", [100, 1000, 20_000, 200_000])
def test_an_hdf5_file_that_ends_early_is_refused(sets: Path, cut: int) -> None:
    path = sets / "hdf5" / "NRCA_catalog_pre.hdf5"
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(Refused, match="cannot read it as HDF5"):
        opened(sets / "hdf5")


def test_an_empty_row_and_a_repeated_one_of_a_table_are_set_aside(sets: Path) -> None:
    lines = table_of(sets).read_text().splitlines()
    lines[3] = "," * lines[0].count(",")
    table_of(sets).write_text("\n".join([*lines, lines[1]]))
    records = opened(sets / "hdf5")
    assert aside(records) == {
        "NRCA_attributes_pre.csv row 2": "empty row of attributes",
        "NRCA.SY.0_EV": "repeats a trace_name",
        "NRCA.SY.2_EV": "no row of attributes",
    }
    assert records.table["group"].tolist()[:3] == ["0", "1", "3"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot read it as a table"),
        (b"\xff\xfe\x00", "cannot read it as a table"),
        (b'a,b\n"1,2\n', "cannot read it as a table"),
        (b"trace_name;source_id\nx;1\n", "columns are missing"),
        (b"trace_name,source_id\nx,1\n", "missing: trace_start_time, source_origin_time"),
    ],
)
def test_bad_tables_are_refused(sets: Path, content: bytes, said: str) -> None:
    table_of(sets).write_bytes(content)
    with pytest.raises(Refused, match=said) as refused:
        opened(sets / "hdf5")
    assert refused.value.where == str(table_of(sets))


def test_a_set_without_a_usable_trace_is_refused(sets: Path) -> None:
    for phase in ("pre", "visso", "post"):
        with h5py.File(sets / "hdf5" / f"NRCA_catalog_{phase}.hdf5", "w"):
            pass
    with pytest.raises(Refused, match="12 x no dataset of this trace_name"):
        opened(sets / "hdf5")


def test_a_changed_file_makes_a_new_set(sets: Path) -> None:
    first = opened(sets / "pickle")
    second = opened(repickled(sets, pickled(sets).iloc[1:]))
    assert first.fingerprint != second.fingerprint
    assert len(second) == 11
