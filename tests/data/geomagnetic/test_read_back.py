"""Day files as people write them: known values come back, broken ones are named."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from table_texts import DRESSES, ENDS, ZONES, Dress, iso, plain

from tremor.data.geomagnetic.delimited import DelimitedDay
from tremor.data.geomagnetic.iaga2002 import Iaga2002
from tremor.data.sources.cells import Unusable

DAY = date(2018, 3, 5)
IN_A_FOLDER = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
FIELD = st.integers(-7_999_900, 7_999_900).map(lambda hundredths: hundredths / 100)
MISSING = st.sampled_from([99999.0, 88888.0, 99999.9, -99999.0])
VALUE = FIELD | MISSING
COLUMNS = ["time", "H", "D", "Z"]


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def expected(values: list[list[float]]) -> np.ndarray[Any, Any]:
    """What is no field is missing."""
    told = np.array(values)
    return np.where(np.abs(told) > 80_000, np.nan, told)


ROWS = st.lists(st.tuples(VALUE, VALUE, VALUE), min_size=2, max_size=5)


@given(
    rows=ROWS,
    dress=DRESSES,
    turned=st.permutations(range(4)),
    zone=ZONES,
    clock=st.sampled_from(["seconds", "T", " "]),
    comma=st.sampled_from(",;\t"),
)
@IN_A_FOLDER
def test_a_table_of_a_day_is_read_back(
    tmp_path: Path,
    rows: list[Any],
    dress: Dress,
    turned: list[int],
    zone: str,
    clock: str,
    comma: str,
) -> None:
    closed = Dress(dress.end, dress.mark, dress.blank, True, dress.trailing)
    times = [str(n) if clock == "seconds" else iso(n, zone, clock) for n in range(len(rows))]
    cells = [[time, *map(plain, row)] for time, row in zip(times, rows, strict=True)]
    content = closed.text(
        [COLUMNS[k] for k in turned], [[r[k] for k in turned] for r in cells], comma
    )
    found = DelimitedDay(separator=comma).read(put(tmp_path, "x.csv", content), DAY)
    assert found.seconds.tolist() == [*range(len(rows))]
    assert found.notes == ()
    for name, values in zip("HDZ", zip(*rows, strict=True), strict=True):
        row = found.values[found.components.index(name)]
        np.testing.assert_allclose(row, expected([*values]), rtol=1e-14)


@given(row=st.integers(0, 3), column=st.integers(0, 3), cell=st.sampled_from(["x", "", "1,5", "½"]))
@IN_A_FOLDER
def test_one_broken_cell_of_a_day_is_missing_or_counted(
    tmp_path: Path, row: int, column: int, cell: str
) -> None:
    cells = [[str(n), "1.5", "2.5", "3.5"] for n in range(4)]
    cells[row][column] = cell
    path = put(tmp_path, "x.csv", Dress().text(COLUMNS, cells))
    if cell == "1,5" and row == 0:
        with pytest.raises(Unusable, match="5 fields in its first line"):
            DelimitedDay().read(path, DAY)
        return
    found = DelimitedDay().read(path, DAY)
    whole_line = column == 0 or cell == "1,5"
    assert len(found.seconds) == 4 - whole_line
    assert found.notes == (("1 lines that cannot be understood",) if whole_line else ())
    assert np.isnan(found.values).sum() == (not whole_line)


def test_a_component_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    for header in ("time,H,H,Z", "time,H, H,Z", "time,time,H,Z"):
        path = put(tmp_path, "x.csv", f"{header}\n0,1,2,3\n1,4,5,6\n".encode())
        with pytest.raises(Unusable, match="one of them twice"):
            DelimitedDay().read(path, DAY)


def iaga(
    rows: list[Any],
    letters: str,
    end: str,
    mark: str = "",
    blank: bool = False,
    closed: bool = True,
    more: str = "",
) -> bytes:
    """A file of IAGA-2002 with a sample every second."""
    head = [
        f" {key:<23}{text:<45}|" for key, text in (("Format", "IAGA-2002"), ("IAGA CODE", "SBG"))
    ]
    head.append("DATE       TIME         DOY     " + "".join(f"SBG{k:<7}" for k in letters) + "|")
    lines = [
        f"2018-03-05 00:00:{n:02}.000 064   " + "".join(f" {v:9.2f}" for v in row) + more
        for n, row in enumerate(rows)
    ]
    gap = end * (2 if blank else 1)
    return (mark + end.join(head) + end + gap.join(lines) + end * closed).encode()


@given(
    rows=st.lists(st.tuples(VALUE, VALUE, VALUE, VALUE), min_size=2, max_size=5),
    letters=st.sampled_from(["HDZF", "XYZF", "ZEHF", "UVWS"]),
    end=ENDS,
    mark=st.sampled_from(["", "\ufeff"]),
    blank=st.booleans(),
    closed=st.booleans(),
    more=st.sampled_from(["", "   "]),
)
@IN_A_FOLDER
def test_an_iaga_file_is_read_back(
    tmp_path: Path,
    rows: list[Any],
    letters: str,
    end: str,
    mark: str,
    blank: bool,
    closed: bool,
    more: str,
) -> None:
    path = put(tmp_path, "sbg20180305.sec", iaga(rows, letters, end, mark, blank, closed, more))
    found = Iaga2002(d_in_minutes=False).read(path, DAY)
    assert found.components == tuple(letters)
    assert found.station == "SBG"
    assert found.seconds.tolist() == [*range(len(rows))]
    assert found.notes == ()
    np.testing.assert_array_equal(found.values, expected([*zip(*rows, strict=True)]))


@given(h=st.floats(100, 60_000), minutes=st.floats(-2000, 2000))
@IN_A_FOLDER
def test_an_angle_is_read_back_as_a_field(tmp_path: Path, h: float, minutes: float) -> None:
    rows = [(round(h, 2), round(minutes, 2), 0.0, 0.0)] * 2
    found = Iaga2002().read(put(tmp_path, "sbg20180305.sec", iaga(rows, "HDZF", "\n")), DAY)
    east = found.values[found.components.index("D")]
    assert np.degrees(np.arctan2(east, rows[0][0])) * 60 == pytest.approx(rows[0][1], abs=1e-6)


def test_more_values_than_names_are_refused(tmp_path: Path) -> None:
    rows = [(1.0, 2.0, 3.0, 4.0)] * 3
    path = put(tmp_path, "sbg20180305.sec", iaga(rows, "HDZF", "\n", more="   5.00"))
    with pytest.raises(Unusable, match="8 fields in its first line, 7 in its header"):
        Iaga2002().read(path, DAY)
