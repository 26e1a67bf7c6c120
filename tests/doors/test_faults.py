"""What goes wrong on the way: one clear message, the right exit code, nothing half-written."""

from __future__ import annotations

import errno
import os
import pickle
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from opened import TONES, Door

from tremor.data.writer import RecordWriter

LSTM = "experiment=seismic_lstm/lstm"


def pickled(events: Any, labels: Any) -> bytes:
    return pickle.dumps((events, labels))


def events(count: int, columns: str = "ZNE", value: float | None = None) -> list[pd.DataFrame]:
    rng = np.random.default_rng(0)
    made = [
        pd.DataFrame(rng.standard_normal((300, 3)), columns=list(columns)) for _ in range(count)
    ]
    return made if value is None else [event * 0 + value for event in made]


FILES = {
    "corrupt": (pickled(events(4), [0, 1] * 2)[:-200], "cannot read it as a pickle"),
    "not a pickle": (b"Z,N,E\n1,2,3\n", "cannot read it as a pickle"),
    "empty": (b"", "the file is empty"),
    "wrong columns": (pickled(events(4, "XYZ"), [0, 1] * 2), "lacks ['N', 'E']"),
    "all NaN": (pickled(events(4, value=np.nan), [0, 1] * 2), "4 x all samples missing"),
    "one class": (pickled(events(4), [1] * 4), "1 class "),
    "too few": (pickled(events(4), [0, 1] * 2), "events are too few"),
    "three classes": (pickled(events(30), [0, 1, 2] * 10), "num_classes is 2"),
    "runs code": (b"cos\nsystem\n(S'touch ran'\ntR.", "os.system; nothing was run"),
}


def left(folder: Path) -> list[str]:
    """Files that a refused call left, other than its input and notes on files seen."""
    kept = [p for p in folder.rglob("*") if p.is_file() and "cache/files" not in str(p)]
    return [str(p.relative_to(folder)) for p in kept if p.name != "events.pkl"]


@pytest.mark.parametrize("name", FILES)
def test_bad_files_end_in_one_message(door: Door, tmp_path: Path, name: str) -> None:
    content, said = FILES[name]
    (tmp_path / "events.pkl").write_bytes(content)
    outcome = door("simple_train.py", LSTM, "dataset.paths=[events.pkl]")
    assert outcome.code == 2
    assert said in outcome.err
    assert outcome.err.count("error:") == 1
    assert "Traceback" not in outcome.err
    sound = name in ("too few", "three classes", "one class")
    assert bool(left(tmp_path)) == sound
    assert not (tmp_path / "outputs").exists()


def test_fewer_events_than_folds(door: Door, tmp_path: Path) -> None:
    (tmp_path / "events.pkl").write_bytes(pickled(events(8), [0, 1] * 4))
    folds = ["dataset.event_split_method=kfold", "dataset.fold=0"]
    outcome = door("simple_train.py", LSTM, "dataset.paths=[events.pkl]", *folds)
    assert outcome.code == 2
    assert "fewer events than folds: the smallest class has 4 events, n_folds=5" in outcome.err


def test_a_full_disk_while_the_cache_is_written(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: RecordWriter, signal: Any, row: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(RecordWriter, "add", full)
    outcome = door("simple_train.py", *TONES)
    assert outcome.code == 1
    assert "error: cannot write: the disk is full" in outcome.err
    assert "cache_dir" in outcome.err
    assert left(tmp_path) == []
    monkeypatch.undo()


def test_a_door_that_is_told_to_end_leaves_nothing_half_written(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(self: RecordWriter, signal_: Any, row: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(RecordWriter, "add", told)
    outcome = door("simple_train.py", *TONES)
    assert (outcome.code, outcome.err.strip()) == (130, "error: stopped")
    assert left(tmp_path) == []


def test_a_door_that_is_told_to_end_while_it_predicts_says_so(
    door: Door, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*_: Any) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("tremor.tasks.watched.Watched.predict_step", told)
    outcome = door("evaluate.py", f"checkpoint={trained}")
    assert (outcome.code, outcome.err.strip()) == (130, "error: stopped")


@pytest.mark.parametrize(("name", "content"), [("metrics.csv", ""), ("config.yaml", "a: [1")])
def test_a_damaged_file_of_a_run_is_named(
    door: Door, trained: Path, name: str, content: str
) -> None:
    (trained / name).write_text(content)
    outcome = door("evaluate.py", f"checkpoint={trained}")
    assert outcome.code == 1
    assert f"where: {trained / name}" in outcome.err
    assert "delete it" in outcome.err


def test_a_damaged_cache_names_the_folder_to_delete(door: Door, tmp_path: Path) -> None:
    assert door("simple_train.py", *TONES).code == 0
    (signal,) = tmp_path.glob("cache/records/*/signal.f32")
    signal.write_bytes(signal.read_bytes()[:-8])
    outcome = door("simple_train.py", *TONES)
    assert outcome.code == 1
    assert "delete this folder" in outcome.err
    assert str(signal.parent) in outcome.err


def test_missing_files_are_named_with_where_to_get_some(door: Door) -> None:
    outcome = door("simple_train.py", LSTM, "dataset.paths=[nowhere.pkl]")
    assert outcome.code == 2
    assert "no such file: nowhere.pkl" in outcome.err
    assert "make_synthetic.py waveform_pickle" in outcome.err


def test_the_traceback_is_there_for_those_who_ask(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    outcome = door("simple_train.py", LSTM, "dataset.paths=[nowhere.pkl]")
    assert "Traceback" in outcome.err
    assert outcome.code == 2
