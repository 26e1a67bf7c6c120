"""Pickles: data of many years comes out right, and nothing in a file is ever run."""

from __future__ import annotations

import contextlib
import functools
import operator
import os
import pickle
import random
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tremor.data.sources.safe_pickle import read_pickle
from tremor.errors import Refused

FIXTURES = Path(__file__).parents[2] / "fixtures" / "pickles"
PAIRS = sorted(p.name for p in FIXTURES.glob("*.p?.pkl"))
TABLES = sorted(p.name for p in FIXTURES.glob("*.table.pkl"))


def written(folder: Path, thing: Any, protocol: int = 4) -> Path:
    path = folder / "x.pkl"
    path.write_bytes(pickle.dumps(thing, protocol=protocol))
    return path


def expected_events() -> list[pd.DataFrame]:
    rng = np.random.RandomState(0)
    shapes = [(5 + i, 3) for i in range(3)]
    made = [pd.DataFrame(rng.randint(-999, 999, s) / 8.0, columns=list("ZNE")) for s in shapes]
    made[1] = made[1].iloc[1:].astype({"N": "float32", "E": "int64"})
    return made


def test_there_are_fixtures() -> None:
    assert len(PAIRS) == 12
    assert len(TABLES) == 4


@pytest.mark.parametrize("name", PAIRS)
def test_events_of_old_and_new_pandas(name: str) -> None:
    events, labels = read_pickle(FIXTURES / name)
    assert list(labels) == ["noise", "quake", "noise"]
    for got, wanted in zip(events, expected_events(), strict=True):
        pd.testing.assert_frame_equal(got, wanted, check_column_type=False, check_index_type=False)


@pytest.mark.parametrize("name", TABLES)
def test_tables_with_arrays_lists_and_text(name: str) -> None:
    table = read_pickle(FIXTURES / name)
    np.testing.assert_array_equal(table["E_channel"][1], [1.0, 2.0, 3.0, 4.0])
    assert table["trace_name"].tolist() == ["NRCA.IV.1_EV", "NRCA.IV.2_EV"]
    assert table["label"].tolist() == [[1, 0], [0, 1]]
    assert table["source_id"].tolist() == [123456789, 987654321]
    assert table["source_magnitude"].tolist() == [0.5, 1.25]


@pytest.mark.parametrize("protocol", range(6))
def test_todays_frames_at_every_protocol(tmp_path: Path, protocol: int) -> None:
    when = pd.to_datetime(["2016-10-30T06:40:17.32", "2016-10-31T00:00:00.00"])
    frame = pd.DataFrame({"a": [1.5, np.nan], "t": when, "b": [True, False], "s": ["x", None]})
    got = read_pickle(written(tmp_path, frame, protocol))
    pd.testing.assert_frame_equal(got, frame, check_column_type=False)


KINDS = [np.float64, np.float32, np.int16, np.uint8, np.bool_, np.complex128, ">f8", "<U5", "S3"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.data())
def test_arrays_come_back_as_they_were(tmp_path: Path, data: st.DataObject) -> None:
    kind = np.dtype(data.draw(st.sampled_from(KINDS)))
    array = data.draw(hnp.arrays(kind, hnp.array_shapes(max_dims=3, max_side=5)))
    order = data.draw(st.sampled_from("CF"))
    protocol = data.draw(st.integers(0, 5))
    got = read_pickle(written(tmp_path, np.array(array, order=order), protocol))
    np.testing.assert_array_equal(got, array)
    assert got.dtype == array.dtype


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(thing=PLAIN, protocol=st.integers(0, 5))
def test_plain_things_come_back_as_they_were(tmp_path: Path, thing: Any, protocol: int) -> None:
    assert read_pickle(written(tmp_path, thing, protocol)) == thing


class Runs:
    """Pickles into a call."""

    def __init__(self, *call: Any):
        self.call = call

    def __reduce__(self) -> Any:
        function, *arguments = self.call
        return function, tuple(arguments)


ATTACKS = {
    "posix.system": Runs(os.system, "touch canary"),
    "subprocess.Popen": Runs(subprocess.Popen, ["touch", "canary"]),
    "builtins.eval": Runs(eval, "open('canary', 'w')"),
    "builtins.exec": Runs(exec, "open('canary', 'w')"),
    "builtins.getattr": Runs(getattr, os, "system"),
    "builtins.__import__": Runs(__import__, "os"),
    "_operator.attrgetter": Runs(operator.attrgetter, "system"),
    "functools.partial": Runs(functools.partial, os.system, "touch canary"),
    "numpy.load": Runs(np.load, "canary"),
    "read_pickle": Runs(pd.read_pickle, "canary"),
    "pathlib": Path("canary"),
}


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_whatever_it_asks_to_run_is_named_and_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, protocol: int
) -> None:
    monkeypatch.chdir(tmp_path)
    attack = ([ATTACKS[name]], np.zeros(1))
    if name == "builtins.getattr":
        attack = ([Runs(getattr, "text", "upper")], np.zeros(1))
    path = written(tmp_path, attack, protocol)
    with pytest.raises(Refused, match="nothing was run") as refused:
        read_pickle(path)
    assert name.rpartition(".")[2] in refused.value.problem
    assert not (tmp_path / "canary").exists()


RAW = {
    "a state for a class": b"cpandas\nDataFrame\n}X\x04\x00\x00\x00evil\x8c\x01xsb.",
    "a dotted name": b"\x80\x04\x8c\x05numpy\x8c\x0ddtype.__class__\x93.",
    "an old-style call": b"(S'touch canary'\nios\nsystem\n.",
    "an extension": b"\x80\x02\x82\x01.",
    "a persistent id": b"Pname\n.",
    "a scalar of type object": (
        b"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'O8'\nI0\nI1\ntRS'x'\ntR."
    ),
    "a call of a number": b"I1\n(tR.",
    "a huge announcement": b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\x00\x00.",
    "a huge memo": b"\x80\x02]r\xff\xff\xff\x7f.",
    "nothing": b"",
    "text": b"Z,N,E\n1,2,3\n",
    "half a pickle": pickle.dumps(list(range(1000)))[:-50],
    "a tower of lists": b"]" * 100_000 + b"a" * 99_999 + b".",
    "an array of no shape": (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR."
    ),
}


@pytest.mark.parametrize("name", RAW)
def test_crafted_and_broken_files_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(RAW[name])
    if name == "a huge memo":
        assert read_pickle(path) == []
        return
    with pytest.raises(Refused):
        read_pickle(path)
    assert not hasattr(pd.DataFrame, "evil")


def test_mutated_files_are_read_or_refused(tmp_path: Path) -> None:
    rng = random.Random(0)
    path = tmp_path / "x.pkl"
    originals = [(FIXTURES / name).read_bytes() for name in PAIRS + TABLES]
    for _ in range(1500):
        data = bytearray(rng.choice(originals))
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data[: rng.randint(1, len(data))] if rng.random() < 0.3 else data)
        with contextlib.suppress(Refused):
            read_pickle(path)
