"""From one form of the Norcia files to the other and back: nothing is lost, nothing replaced."""

from __future__ import annotations

import pickle
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest
from opened import load_script

from tremor.data.sources.safe_pickle import read_pickle
from tremor.data.synthetic.sequence import NorciaSequence
from tremor.data.synthetic.write_norcia import write_norcia

script = load_script("convert_norcia")
WORLD = NorciaSequence(n_pre=4, n_visso=2, n_post=3)
OTHER = {"hdf5": "pickle", "pickle": "hdf5"}


def run(*arguments: object) -> int:
    return int(script.main([str(a) for a in arguments]))


def same_samples(one: pd.Series[object], two: pd.Series[object]) -> None:
    for a, b in zip(one, two, strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype == np.float64
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def test_a_pickle_comes_back_column_by_column(tmp_path: Path) -> None:
    write_norcia(WORLD, tmp_path / "a", "pickle")
    path = tmp_path / "a" / "dataframe_pre_NRCA.csv"
    frame = read_pickle(path)
    rng = np.random.default_rng(0)
    frame["Z_channel"] = [rng.standard_normal(2500) * 1e-7 for _ in range(4)]
    frame["source_magnitude"] = [0.1 + 0.2, 1 / 3, 1e-300, np.nan]
    frame["network_code"] = pd.Series(["NA"] * 4, dtype=object)
    path.write_bytes(pickle.dumps(frame))
    assert run(tmp_path / "a", tmp_path / "b", "--to", "hdf5") == 0
    assert run(tmp_path / "b", tmp_path / "c", "--to", "pickle") == 0
    back = read_pickle(tmp_path / "c" / "dataframe_pre_NRCA.csv")
    for name in ("E_channel", "N_channel", "Z_channel"):
        same_samples(frame.pop(name), back.pop(name))
    pd.testing.assert_frame_equal(frame, back, check_exact=True)


def test_hdf5_comes_back_dataset_by_dataset(tmp_path: Path) -> None:
    write_norcia(WORLD, tmp_path / "a", "hdf5")
    assert run(tmp_path / "a", tmp_path / "b", "--to", "pickle") == 0
    assert run(tmp_path / "b", tmp_path / "c", "--to", "hdf5") == 0
    for phase in ("pre", "visso", "post"):
        name = f"NRCA_attributes_{phase}.csv"
        one, two = (pd.read_csv(tmp_path / f / name, float_precision="round_trip") for f in "ac")
        pd.testing.assert_frame_equal(one, two, check_exact=True)
        files = [h5py.File(tmp_path / f / f"NRCA_catalog_{phase}.hdf5") for f in "ac"]
        with files[0] as first, files[1] as second:
            assert sorted(first) == sorted(second)
            for trace in first:
                np.testing.assert_array_equal(first[trace][()], second[trace][()])


def test_it_tells_what_it_wrote_and_what_to_do_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_norcia(WORLD, tmp_path / "a", "pickle", station="MC2")
    out = tmp_path / "my data"
    assert run(tmp_path / "a", out, "--to", "hdf5", "--station", "MC2") == 0
    told = capsys.readouterr().out
    assert "4 traces to MC2_catalog_pre.hdf5, MC2_attributes_pre.csv" in told
    assert f"'dataset.data_dir={out}' dataset.station=MC2" in told
    assert len(list(out.iterdir())) == 6


def test_faulty_traces_are_left_out_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_norcia(WORLD, tmp_path / "a", "pickle")
    path = tmp_path / "a" / "dataframe_pre_NRCA.csv"
    frame = read_pickle(path)
    frame.at[1, "N_channel"] = None
    frame.at[3, "trace_name"] = frame.at[2, "trace_name"]
    path.write_bytes(pickle.dumps(frame))
    assert run(tmp_path / "a", tmp_path / "b", "--to", "hdf5") == 0
    told = capsys.readouterr().out
    assert "left out: NRCA.SY.1_EV (no component N)" in told
    assert "left out: NRCA.SY.2_EV (repeats a trace_name)" in told
    assert "written: 2 traces" in told


@pytest.mark.parametrize("kind", OTHER)
def test_existing_files_are_kept_unless_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    write_norcia(WORLD, tmp_path, kind)
    for file in write_norcia(WORLD, tmp_path, OTHER[kind]):
        file.write_text("mine")
    assert run(tmp_path, tmp_path, "--to", OTHER[kind]) == 2
    assert "--overwrite" in capsys.readouterr().err
    changed = sorted(tmp_path.iterdir())
    assert sum(file.read_bytes() == b"mine" for file in changed) == (6 if kind == "pickle" else 3)
    assert run(tmp_path, tmp_path, "--to", OTHER[kind], "--overwrite") == 0
    assert not any(file.read_bytes() == b"mine" for file in changed)
    assert sorted(tmp_path.iterdir()) == changed


@pytest.mark.parametrize("kind", OTHER)
def test_a_phase_without_usable_traces_is_refused_and_not_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    write_norcia(WORLD, tmp_path / "a", kind)
    if kind == "hdf5":
        h5py.File(tmp_path / "a" / "NRCA_catalog_pre.hdf5", "w").close()
    else:
        path = tmp_path / "a" / "dataframe_pre_NRCA.csv"
        path.write_bytes(pickle.dumps(read_pickle(path).assign(E_channel=None)))
    assert run(tmp_path / "a", tmp_path / "b", "--to", OTHER[kind]) == 2
    assert "no usable trace" in capsys.readouterr().err
    assert not list((tmp_path / "b").glob("*"))


def test_files_of_the_wanted_form_do_not_count_as_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_norcia(WORLD, tmp_path / "a", "hdf5")
    assert run(tmp_path / "a", tmp_path / "b", "--to", "hdf5") == 2
    assert "dataframe_pre_NRCA.csv" in capsys.readouterr().err
    assert not (tmp_path / "b").exists()
