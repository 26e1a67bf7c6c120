"""Arrays of earlier work: read, written back byte for byte, and never run."""

from __future__ import annotations

import io
import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tremor.data.ecg.npy import array_of, read_npz
from tremor.data.ecg.precomputed import (
    CLASSES,
    DURATIONS,
    NAMES,
    PROBABILITIES,
    TRUTH,
    Precomputed,
    read_precomputed,
    read_selection,
    stem,
    write_precomputed,
    write_selection,
)
from tremor.errors import Refused

FILES = (NAMES, CLASSES, PROBABILITIES, TRUTH, DURATIONS)


class Evil:
    """Would make a folder if it were unpickled."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


def small() -> Precomputed:
    return Precomputed(
        filenames=("c:\\data\\A1.mat", "/data/g1/A2.mat", "A3"),
        classes=("164889003", "426783006"),
        probabilities=np.array([[0.9, 0.1], [0.2, 0.7], [0, 1]], np.float32),
        truth=np.array([[1, 0], [0, 1], [0, 1]], np.int8),
        durations=np.array([10.0, np.nan, 17.5]),
    )


def test_the_reference_is_read_and_written_byte_for_byte(tmp_path: Path, shared_data: Path) -> None:
    found = read_precomputed(shared_data / "ecg")
    assert found.probabilities.shape == (60, 27)
    names = {path.stem for path in (shared_data / "ecg" / "records").glob("*.hea")}
    assert set(found.names) == names
    write_precomputed(tmp_path, found)
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (shared_data / "ecg" / name).read_bytes()


def test_paths_of_any_system_name_the_record() -> None:
    assert small().names == ("A1", "A2", "A3")
    assert stem("c:\\UHull\\MSc\\data/HR00001.mat") == "HR00001"


def test_what_may_lack_and_names_as_objects(tmp_path: Path) -> None:
    write_precomputed(tmp_path, replace(small(), truth=None, durations=None))
    for name in (NAMES, CLASSES):
        texts = np.load(tmp_path / name).astype(object)
        np.save(tmp_path / name, texts, allow_pickle=True)
    found = read_precomputed(tmp_path)
    assert (found.names, found.classes) == (small().names, small().classes)
    assert found.truth is None
    assert found.durations is None


def test_nothing_is_run(tmp_path: Path) -> None:
    write_precomputed(tmp_path, small())
    evil = np.array([Evil(tmp_path / "made")] * 3, object)
    np.save(tmp_path / NAMES, evil, allow_pickle=True)
    with pytest.raises(Refused, match=r"asks Python to load posix\.mkdir; nothing was run"):
        read_precomputed(tmp_path)
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("name", "array", "fault"),
    [
        (PROBABILITIES, np.zeros((3, 3)), r"is \(3, 3\), but there are 3 names, 2 classes"),
        (PROBABILITIES, np.full((3, 2), 1.5), "no probabilities"),
        (PROBABILITIES, np.full((3, 2), np.nan), "no probabilities"),
        (PROBABILITIES, np.full((3, 2), "a"), "not of numbers"),
        (TRUTH, np.full((3, 2), 2), "truth other than 0 and 1"),
        (TRUTH, np.zeros((2, 2)), r"is \(2, 2\)"),
        (DURATIONS, np.zeros(4), r"is \(4,\)"),
        (NAMES, np.zeros((3, 1)), "2 dimensions"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    tmp_path: Path, name: str, array: np.ndarray, fault: str
) -> None:
    write_precomputed(tmp_path, small())
    np.save(tmp_path / name, array)
    with pytest.raises(Refused, match=fault):
        read_precomputed(tmp_path)


def test_broken_files_are_refused(tmp_path: Path) -> None:
    write_precomputed(tmp_path, small())
    whole = (tmp_path / PROBABILITIES).read_bytes()
    for data in (b"", whole[:5], whole[:-1], whole.replace(b"(3, 2)", b"(3, -"), whole + b"1"):
        (tmp_path / PROBABILITIES).write_bytes(data)
        with pytest.raises(Refused):
            read_precomputed(tmp_path)
    (tmp_path / PROBABILITIES).unlink()
    with pytest.raises(Refused, match="cannot read it: No such file"):
        read_precomputed(tmp_path)


def test_an_array_of_objects_takes_no_more_than_its_file(tmp_path: Path) -> None:
    file = io.BytesIO()
    kind = [("a", "|O"), ("b", "<U99999999")]
    head = {"descr": kind, "fortran_order": False, "shape": (1,)}
    np.lib.format.write_array_header_1_0(file, head)
    rows = np.array([("a", "b")], [("a", "O"), ("b", "U1")])
    with pytest.raises(Refused, match="far more than the file holds"):
        array_of(file.getvalue() + pickle.dumps(rows, protocol=3), tmp_path)


def selection(names: list[str]) -> pd.DataFrame:
    count = len(names)
    return pd.DataFrame(
        {
            "group_class": ["164889003"] * count,
            "filename": names,
            "sel_idx": np.arange(count),
            "duration_sec": np.linspace(10, 20, count),
            "prob_meta": np.linspace(0.85, 1, count, dtype=np.float32),
        }
    )


@pytest.mark.parametrize("names", [["c:\\data\\A1.mat", "A2.mat"], []])
def test_a_selection_as_earlier_work_saves_it(tmp_path: Path, names: list[str]) -> None:
    """A table of records with objects in it, by numpy; ours has none, and reads the same."""
    table = selection(names)
    objects = table.astype({"group_class": object, "filename": object}).to_records(index=False)
    np.savez_compressed(tmp_path / "theirs.npz", data=objects)
    theirs = read_selection(tmp_path / "theirs.npz")
    assert theirs["filename"].tolist() == names
    write_selection(tmp_path / "ours.npz", table)
    pd.testing.assert_frame_equal(read_selection(tmp_path / "ours.npz"), theirs)
    with np.load(tmp_path / "ours.npz", allow_pickle=False) as archive:
        assert archive["data"]["sel_idx"].tolist() == list(range(len(names)))


def test_selections_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, other=np.zeros(3))
    with pytest.raises(Refused, match=r"no table 'data' in it; it has \['other'\]"):
        read_selection(path)
    np.savez(path, data=np.zeros(3, [("sel_idx", "i8")]))
    with pytest.raises(Refused, match="no column group_class, filename"):
        read_selection(path)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(Refused, match="cannot read it as an archive"):
        read_selection(path)
    evil = np.array([(Evil(tmp_path / "made"),)], [("filename", "O")])
    np.savez(path, data=evil)
    with pytest.raises(Refused, match="nothing was run"):
        read_npz(path)
