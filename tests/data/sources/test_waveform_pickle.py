"""Pickled events to records: cleaning that does not splice time, and every kind of bad file."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tremor.data.cache import open_records
from tremor.data.records import RecordSet
from tremor.data.sources.waveform_pickle import WaveformPickle, bridge
from tremor.data.synthetic.norcia import NorciaWorld
from tremor.data.synthetic.write_pickle import write_pickle
from tremor.errors import Refused

RNG = np.random.default_rng(0)


def event(samples: int = 400, **holes: slice) -> pd.DataFrame:
    frame = pd.DataFrame(RNG.standard_normal((samples, 3)), columns=["Z", "N", "E"])
    for channel, hole in holes.items():
        frame.loc[frame.index[hole], channel] = np.nan
    return frame


def opened(folder: Path, events: Any, labels: Any, **settings: Any) -> RecordSet:
    path = folder / "events.pkl"
    path.write_bytes(pickle.dumps((events, labels)))
    return open_records(WaveformPickle((str(path),), **settings), str(folder / "cache"))[0]


def aside(records: RecordSet) -> dict[str, str]:
    return {item["record_id"]: item["reason"] for item in records.meta["set_aside"]}


def test_events_become_records_in_the_order_of_channels(tmp_path: Path) -> None:
    events = [event(400), event(500)]
    records = opened(tmp_path, events, np.array(["b", "a"]), channels=("E", "Z"))
    assert records.table["record_id"].tolist() == ["events_000000", "events_000001"]
    assert records.classes == ("a", "b")
    assert records.table["label"].tolist() == [1, 0]
    assert records.lengths.tolist() == [400, 500]
    wanted = events[1][["E", "Z"]].to_numpy(np.float32).T
    np.testing.assert_array_equal(records.record(1), wanted)


def test_several_files_are_joined_and_told_apart(tmp_path: Path) -> None:
    paths = []
    for name in ("vrac", "morc"):
        paths.append(tmp_path / f"{name}.pkl")
        paths[-1].write_bytes(pickle.dumps(([event(), event()], [0, 1])))
    source = WaveformPickle(tuple(map(str, paths)))
    records, _ = open_records(source, str(tmp_path / "cache"))
    assert records.table["file"].value_counts().to_dict() == {"vrac.pkl": 2, "morc.pkl": 2}
    assert records.table["group"].nunique() == 4


def test_missing_samples_are_cut_bridged_or_the_reason_to_set_aside(tmp_path: Path) -> None:
    dead = event()
    dead.loc[:, :] = 3.0
    cases = {
        "ends": event(400, Z=slice(0, 9), N=slice(0, 9), E=slice(0, 9)),
        "bridged": event(400, Z=slice(50, 60)),
        "gap": event(400, N=slice(50, 61)),
        "one channel lost": event(400, E=slice(0, 400)),
        "all lost": event(400, Z=slice(0, 400), N=slice(0, 400), E=slice(0, 400)),
        "short": event(255),
        "dead": dead,
        "good": event(),
    }
    records = opened(tmp_path, list(cases.values()), list("abababab"))
    named = dict(zip(cases, (f"events_{i:06d}" for i in range(8)), strict=True))
    assert aside(records) == {
        named["gap"]: "gap too long",
        named["one channel lost"]: "gap too long",
        named["all lost"]: "all samples missing",
        named["short"]: "too short",
        named["dead"]: "all channels constant",
    }
    assert records.lengths.tolist() == [391, 400, 400]
    assert np.isfinite(records.gather([0, 1, 2], 400)).all()


def test_copies_are_set_aside(tmp_path: Path) -> None:
    twin = event()
    records = opened(tmp_path, [twin, event(), twin], [0, 1, 1])
    assert aside(records) == {"events_000002": "identical to events_000000"}


@given(st.lists(st.integers(1, 98), max_size=30, unique=True))
def test_bridging_restores_a_straight_line_in_place(holes: list[int]) -> None:
    line = np.linspace(-1, 1, 100, dtype=np.float32)[None]
    broken = line.copy()
    broken[0, holes] = np.nan
    whole, gap = bridge(broken)
    np.testing.assert_allclose(whole, line, atol=1e-6)
    runs = "".join("x" if i in holes else " " for i in range(100)).split()
    assert gap == max(map(len, runs), default=0)


GOOD = [event(), event()]
BAD: dict[str, tuple[Any, str]] = {
    "no pair": ([1, 2, 3], "not \\(events, labels\\)"),
    "unequal": ((GOOD, [0]), "2 events but 1 labels"),
    "no frames": (([np.zeros(3)] * 2, [0, 1]), "not a DataFrame"),
    "wrong columns": (([event().rename(columns={"E": "X"})] * 2, [0, 1]), "lacks \\['E'\\]"),
    "no list": (({"a": 1}, [0, 1]), "as events"),
    "text samples": (([event().astype(str).replace("0", "x")] * 2, ["a", "b"]), ""),
    "no events": (([], []), "no usable record: no record found"),
    "all bad": (([event(9), event(8)], [0, 1]), "no usable record: 2 x too short"),
    "all NaN": (([event() * np.nan] * 2, [0, 1]), "2 x all samples missing"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_are_refused_and_leave_nothing(tmp_path: Path, name: str) -> None:
    content, said = BAD[name]
    path = tmp_path / "bad.pkl"
    if name == "text samples":
        content = ([pd.DataFrame({c: ["x"] * 300 for c in "ZNE"})] * 2, [0, 1])
        said = "not numbers"
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(Refused, match=said) as refused:
        open_records(WaveformPickle((str(path),)), str(tmp_path / "cache"))
    assert "bad.pkl" in refused.value.where
    assert not list((tmp_path / "cache" / "records").iterdir())


def test_missing_files_are_named(tmp_path: Path) -> None:
    source = WaveformPickle((str(tmp_path / "a.pkl"), str(tmp_path / "b.pkl")))
    with pytest.raises(Refused, match=r"a\.pkl.*b\.pkl"):
        open_records(source, str(tmp_path / "cache"))


def test_a_changed_file_makes_a_new_set(tmp_path: Path) -> None:
    first = opened(tmp_path, GOOD, [0, 1])
    second = opened(tmp_path, [event(), *GOOD], [0, 1, 0])
    assert first.fingerprint != second.fingerprint
    assert len(second) == 3


def test_the_synthetic_world_survives_the_trip(tmp_path: Path) -> None:
    world = NorciaWorld(n_events=12, duration=8.0)
    path = write_pickle(world, tmp_path / "w.pkl", length_jitter=1.0, missing=0.5)
    records, _ = open_records(WaveformPickle((str(path),)), str(tmp_path / "cache"))
    assert records.classes == ("aftershock", "foreshock")
    assert 690 <= records.lengths.min() < records.lengths.max() <= 800
    labels = [world.classes[label] for label in world.catalogue()["label"]]
    assert [records.classes[label] for label in records.table["label"]] == labels


def test_real_records_as_pickled_events(tmp_path: Path, shared_data: Path) -> None:
    """52 real three-component records (100 Hz, some with dead channels) written as such a file."""
    files = sorted((shared_data / "seismic_phasenet_ncedc" / "waveforms").glob("*.npz"))
    assert files
    events = [pd.DataFrame(np.load(f)["data"], columns=["E", "N", "Z"]) for f in files]
    records = opened(tmp_path, events, np.arange(len(events)) % 2)
    assert len(records) + len(aside(records)) == len(files)
    assert np.isfinite(records.table[["level_Z", "level_N", "level_E"]].to_numpy()).all()
    np.testing.assert_array_equal(records.record(0), events[0][["Z", "N", "E"]].to_numpy("f4").T)
