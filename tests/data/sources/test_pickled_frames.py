"""Frames, series and their labels, as twelve years of pandas have pickled them."""

from __future__ import annotations

import pickle
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pickles import FIXTURES, PROTOCOLS, VERSIONS, called, read_back, short, written

from tremor.data.sources.safe_pickle import read_pickle
from tremor.errors import Refused

PAIRS = sorted(path.name for path in FIXTURES.glob("*.p?.pkl"))
SAME = {"check_column_type": False, "check_index_type": False, "check_freq": False}
NEW = VERSIONS[2:]


def more(version: str) -> dict[str, Any]:
    things: dict[str, Any] = read_pickle(FIXTURES / f"{version}.more.pkl")
    return things


def expected_events() -> list[pd.DataFrame]:
    shapes = [(n, 3) for n in (4, 5)]
    made = [pd.DataFrame(np.arange(3.0 * n).reshape(n, m) / 8) for n, m in shapes]
    for frame in made:
        frame.columns = pd.Index(list("ZNE"))
    return [made[0], made[1].iloc[1:].astype({"N": "float32", "E": "int64"})]


def test_there_are_fixtures_of_every_version() -> None:
    assert {name.partition(".")[0] for name in PAIRS} == set(VERSIONS)
    assert {int(name.split(".p")[1][0]) for name in PAIRS} == {0, 2, 4, 5}
    assert sum(path.stat().st_size for path in FIXTURES.iterdir()) < 60_000


@pytest.mark.parametrize("name", PAIRS)
def test_events_of_old_and_new_pandas(name: str) -> None:
    events, labels = read_pickle(FIXTURES / name)
    assert [text.decode() if isinstance(text, bytes) else text for text in labels] == [
        "noise",
        "quake",
    ]
    assert labels.dtype.kind == ("O" if name.endswith("p2.pkl") else labels.dtype.kind)
    for got, wanted in zip(events, expected_events(), strict=True):
        pd.testing.assert_frame_equal(got, wanted, **SAME)
        assert isinstance(got.index, pd.RangeIndex)


@pytest.mark.parametrize("version", VERSIONS)
def test_tables_with_arrays_lists_and_text(version: str) -> None:
    table = read_pickle(FIXTURES / f"{version}.table.pkl")
    np.testing.assert_array_equal(table["E_channel"][1], [1.0, 2.0, 3.0, 4.0])
    assert table["E_channel"][0].dtype == np.float64
    assert table["trace_name"].tolist() == ["NRCA.IV.1_EV", "NRCA.IV.2_EV"]
    assert table["label"].tolist() == [[1, 0], [0, 1]]
    assert table["source_id"].tolist() == [123456789, 987654321]
    assert table["source_magnitude"].tolist() == [0.5, 1.25]
    assert table["source_id"].dtype == np.int64


@pytest.mark.parametrize("version", VERSIONS)
def test_series_with_their_labels_and_name(version: str) -> None:
    wanted = pd.Series([1.5, 2.5], index=[7, 9], name="amplitude")
    pd.testing.assert_series_equal(more(version)["series"], wanted)


@pytest.mark.parametrize("version", VERSIONS)
def test_dates_in_columns_and_along_the_axis(version: str) -> None:
    got = more(version)
    when = pd.to_datetime(["2016-10-30T06:40:17.320", "NaT"])
    assert got["dates"]["a"].tolist() == [1, 2]
    assert got["dates"]["t"].dtype == ("M8[us]" if version.startswith("p30") else "M8[ns]")
    assert got["dates"]["t"].astype("M8[ns]").array.equals(when.astype("M8[ns]").array)
    times = pd.date_range("2016-10-30", periods=2, freq="10ms")
    assert (got["by_time"].index == times).all()
    assert got["by_time"].tolist() == [1, 2]


@pytest.mark.parametrize("version", VERSIONS)
def test_categories_names_and_empty_frames(version: str) -> None:
    got = more(version)
    assert got["category"]["c"].tolist() == ["b", "a", "b"]
    assert list(got["category"]["c"].cat.categories) == ["a", "b"]
    assert got["named"].index.name == "station"
    assert got["named"]["a"].to_dict() == {"x": 1.0}
    assert got["empty"].shape == (0, 2)
    assert sorted(got["empty"].columns) == ["N", "Z"]


@pytest.mark.parametrize("version", VERSIONS)
def test_arrays_of_old_and_new_numpy(version: str) -> None:
    got = more(version)
    assert got["scalars"] == [1.5, -3, True, np.datetime64("2016-10-30")]
    assert got["big_endian"].dtype == ">i4"
    assert got["big_endian"].tolist() == [0, 1, 2]
    assert got["fortran"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert got["words"].tolist() == ["noise", "é"]


@pytest.mark.parametrize("version", NEW)
def test_text_columns_keep_what_is_missing(version: str) -> None:
    text = more(version)["text"]
    assert text[0] == "x"
    assert text[1] is pd.NA
    assert text.dtype == pd.StringDtype()


WHEN = pd.to_datetime(["2016-10-30T06:40:17.32", "2016-10-31T00:00:00.00", "NaT"])
LISTS = pd.Series([[1, 0], [0, 1], None], dtype=object)
FRAMES = {
    "numbers": pd.DataFrame({"a": [1.5, np.nan, 2], "b": [1, 2, 3], "c": [True, False, True]}),
    "small numbers": pd.DataFrame(np.ones((3, 2), "f4"), columns=["Z", "N"]),
    "text": pd.DataFrame({"s": ["x", None, "é"], "z": ["a", "b", "c"]}),
    "objects": pd.DataFrame({"l": LISTS, "o": pd.Series(["a", 1, None], dtype=object)}),
    "text as objects": pd.DataFrame({"o": ["a", "b"], "p": ["c", "d"]}, dtype=object),
    "times": pd.DataFrame({"t": WHEN, "u": WHEN + pd.Timedelta("1s")}),
    "durations": pd.DataFrame({"d": WHEN - WHEN[0]}),
    "categories": pd.DataFrame({"c": pd.Categorical(list("aba"), list("cab"), ordered=True)}),
    "text with NA": pd.DataFrame({"s": pd.array(["x", None], dtype="string")}),
    "labels of numbers": pd.DataFrame(np.eye(2), index=[0.5, 1.5], columns=[3, 4]),
    "labels of text": pd.DataFrame(np.eye(2), index=["x", "y"], columns=["a", "a"]),
    "a step": pd.DataFrame({"a": np.arange(9)}).iloc[8:2:-3],
    "dates as labels": pd.DataFrame({"a": [1, 2, 3]}, index=WHEN.rename("when")),
    "no rows": pd.DataFrame({"a": [], "s": pd.Series([], dtype=object)}),
    "no columns": pd.DataFrame(index=range(3)),
    "nothing": pd.DataFrame(),
    "turned": pd.DataFrame([["a", 1, None], ["b", 2, 3.5]], dtype=object).T,
    "mixed": pd.DataFrame({"z": [1.0, 2], "y": ["a", "b"], "x": [3.0, 4], "w": [5, 6]}),
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", FRAMES)
def test_todays_frames_come_back_as_they_were(tmp_path: Path, name: str, protocol: int) -> None:
    got = read_back(tmp_path, FRAMES[name], protocol)
    pd.testing.assert_frame_equal(got, FRAMES[name], check_freq=False)


@pytest.mark.parametrize("name", FRAMES)
def test_todays_columns_come_back_as_they_were(tmp_path: Path, name: str) -> None:
    for place in range(FRAMES[name].shape[1]):
        column = FRAMES[name].iloc[:, place]
        got = read_back(tmp_path, column, 5)
        pd.testing.assert_series_equal(got, column, check_freq=False)


CELLS = {
    "f8": st.floats(),
    "i8": st.integers(-(2**63), 2**63 - 1),
    "bool": st.booleans(),
    "object": st.none() | st.text(max_size=3) | st.integers() | st.lists(st.integers(), max_size=2),
    "datetime64[ns]": st.integers(0, 2**61),
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(data=st.data(), protocol=st.sampled_from(PROTOCOLS))
def test_any_frame_comes_back_as_pandas_reads_it(
    tmp_path: Path, data: st.DataObject, protocol: int
) -> None:
    rows = data.draw(st.integers(0, 4))
    kinds = data.draw(st.lists(st.sampled_from(sorted(CELLS)), max_size=5))
    drawn = [(k, data.draw(st.lists(CELLS[k], min_size=rows, max_size=rows))) for k in kinds]
    frame = pd.DataFrame({f"c{i}": pd.Series(v, dtype=k) for i, (k, v) in enumerate(drawn)})
    got = read_back(tmp_path, frame, protocol)
    pd.testing.assert_frame_equal(got, pickle.loads(pickle.dumps(frame)))


def test_cells_that_hold_frames(tmp_path: Path) -> None:
    inner = pd.DataFrame({"Z": [1.0, 2.0]})
    outer = pd.DataFrame({"event": pd.Series([inner, inner], dtype=object)})
    got = read_back(tmp_path, outer, 5)
    pd.testing.assert_frame_equal(got["event"][1], inner)


def test_frames_may_be_changed(tmp_path: Path) -> None:
    got = read_back(tmp_path, pd.DataFrame({"Z": [1.0, 2.0], "N": [3.0, 4.0]}), 4)
    got.loc[0, "Z"] = 9.0
    assert got["Z"].tolist() == [9.0, 2.0]


NOT_READ = {
    "a time zone": (pd.DataFrame({"t": WHEN.tz_localize("UTC")}), "DatetimeTZDtype"),
    "several levels": (pd.Series([1], pd.MultiIndex.from_tuples([(1, 2)])), "MultiIndex"),
    "nullable numbers": (pd.Series([1, None], dtype="Int64"), "IntegerArray"),
    "periods": (pd.Series(pd.period_range("2016", periods=2)), "Period"),
    "a timestamp": (pd.Timestamp("2016-10-30"), "_unpickle_timestamp"),
}


@pytest.mark.parametrize("name", NOT_READ)
def test_what_is_not_read_is_named(tmp_path: Path, name: str) -> None:
    thing, said = NOT_READ[name]
    with pytest.raises(Refused, match=said):
        read_back(tmp_path, thing, 4)


def arrow(length: int, ends: list[int], letters: bytes, validity: bytes = b"N") -> bytes:
    """An Arrow array of text in the opcodes that pyarrow writes."""
    offsets = np.array(ends, np.int64).tobytes()
    buffers = (
        b"("
        + validity
        + b"".join(
            called("pyarrow.lib.py_buffer", b"C" + bytes([len(raw)]) + raw)
            for raw in (offsets, letters)
        )
    )
    kind = called("pyarrow.lib.type_for_alias", short("large_string"))
    size = b"J" + length.to_bytes(4, "little", signed=True)
    return called(
        "pyarrow.lib._restore_array", b"(" + kind + size + b"K\x00K\x00" + buffers + b"l]Nt"
    )


def chunks(*arrays: bytes) -> bytes:
    return called("pyarrow.lib.chunked_array", b"(" + b"".join(arrays) + b"lN") + b"."


def test_arrow_text_in_chunks_with_gaps(tmp_path: Path) -> None:
    valid = called("pyarrow.lib.py_buffer", b"C\x01\x05")
    data = chunks(arrow(3, [0, 2, 2, 3], "éx".encode(), valid), arrow(1, [0, 1], b"y"))
    assert read_pickle(written(tmp_path, data)) == ["é", None, "x", "y"]


BAD_TEXT = {
    "overlapping words": arrow(3, [0, 9, 0, 9], b"x" * 9),
    "words beyond the end": arrow(1, [0, 10], b"x" * 9),
    "words before the start": arrow(1, [-1, 3], b"x" * 9),
    "more words than there are": arrow(1000, [0, 1], b"x"),
    "fewer words than none": arrow(-2, [0, 1], b"x"),
    "letters of no alphabet": arrow(1, [0, 1], b"\xff"),
}


@pytest.mark.parametrize("name", BAD_TEXT)
def test_arrow_text_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="cannot read it as a pickle of data"):
        read_pickle(written(tmp_path, chunks(BAD_TEXT[name])))


def labels(kind: str, parts: bytes) -> bytes:
    return called("pandas.core.indexes.base._new_Index", f"cpandas\n{kind}\n".encode() + parts)


def steps(stop: bytes) -> bytes:
    given = short("name") + b"N" + short("start") + b"K\x00" + short("stop") + stop
    return labels("RangeIndex", b"(" + given + short("step") + b"K\x01d")


def frame_of(columns: bytes, rows: bytes, blocks: bytes) -> bytes:
    manager = called(
        "pandas.core.internals.managers.BlockManager", b"(" + blocks + b"t(" + columns + rows + b"l"
    )
    empty = b"cpandas\nDataFrame\n)\x81"
    return empty + b"(" + short("_mgr") + manager + b"db."


COLUMN = called(
    "pandas._libs.internals._unpickle_block",
    called(
        "numpy.core.numeric._frombuffer",
        b"C\x02ab" + called("numpy.dtype", short("i1")) + b"(K\x01K\x02t" + short("C"),
    )
    + called("builtins.slice", b"K\x00K\x01K\x01")
    + b"K\x02",
)
HUGE = b"\x8a\x06" + b"\xff" * 5 + b"\x7f"
UNNAMED = short("name") + b"N" + short("data")
OBJECTS = called("numpy.core.multiarray._reconstruct", b"cnumpy\nndarray\nK\x00\x85C\x01b")
OF_TUPLES = OBJECTS + b"(K\x01K\x01\x85" + called("numpy.dtype", short("O")) + b"\x89](K\x01\x85etb"
BAD_FRAMES = {
    "a million million columns": (steps(HUGE), steps(b"K\x02"), COLUMN),
    "a million million rows": (steps(b"K\x01"), steps(HUGE), COLUMN),
    "a column too few": (steps(b"K\x02"), steps(b"K\x02"), COLUMN),
    "a column twice": (steps(b"K\x01"), steps(b"K\x02"), COLUMN + b"0" + COLUMN + COLUMN),
    "no blocks": (steps(b"K\x01"), steps(b"K\x02"), b""),
    "blocks of something else": (steps(b"K\x01"), steps(b"K\x02"), b"K\x01"),
    "labels in tuples": (
        labels("Index", b"(" + UNNAMED + OF_TUPLES + b"d"),
        steps(b"K\x02"),
        COLUMN,
    ),
    "no axes": (b"N", b"N", COLUMN),
}


def test_the_helper_makes_a_good_frame_too(tmp_path: Path) -> None:
    data = frame_of(steps(b"K\x01"), steps(b"K\x02"), COLUMN)
    assert read_pickle(written(tmp_path, data)).to_numpy().tolist() == [[97], [98]]


@pytest.mark.parametrize("name", BAD_FRAMES)
def test_frames_that_do_not_fit_together_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match="cannot read it as a pickle of data"):
        read_pickle(written(tmp_path, frame_of(*BAD_FRAMES[name])))


def block_of(kind: bytes, shape: bytes, places: bytes, data: bytes = b"h\x00") -> bytes:
    """A block of that type, shape and placement, over the bytes that memo 0 holds."""
    values = called("numpy.core.numeric._frombuffer", data + kind + shape + short("C"))
    return called("pandas._libs.internals._unpickle_block", values + places + b"K\x01")


def bomb(columns: bytes, blocks: bytes) -> bytes:
    """A frame over 8,000 bytes in memo 0."""
    start = b"B" + (8000).to_bytes(4, "little") + bytes(8000) + b"q\x000"
    return start + frame_of(columns, steps(b"K\x02"), blocks)


def place(number: int) -> bytes:
    """A placement of one column."""
    ends = (b"M" + n.to_bytes(2, "little") for n in (number, number + 1))
    return called("builtins.slice", b"".join(ends) + b"K\x01")


BYTE, DAYS = (called("numpy.dtype", short(code)) for code in ("i1", "M8"))
DAYS += b"(K\x04" + short("<") + b"NNNNNN}(" + short("D") + b"K\x01K\x01K\x01t\x86tb"
ALL = called("builtins.slice", b"NNN")
K8, MILLION = b"M\x40\x1f", b"J\x40\x42\x0f\x00"
BOMBS = {
    "one block a thousand times": bomb(
        steps(K8), block_of(BYTE, K8 + b"K\x01\x86", ALL) + b"q\x01" + b"h\x01" * 1000
    ),
    "a million columns of no rows": bomb(
        steps(MILLION), block_of(BYTE, MILLION + b"K\x00\x86", ALL, b"C\x00")
    ),
    "days in seconds a thousand times": bomb(
        steps(b"M\xb8\x0b"),
        b"".join(block_of(DAYS, b"M\xe8\x03\x85", place(number)) for number in range(3000)),
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_frames_far_larger_than_their_file_are_refused(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, BOMBS[name])
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match="cannot read it as a pickle of data"):
            read_pickle(path)
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()
