"""Tables beside day files as people write them: known values come back, broken ones are named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from table_texts import DRESSES, ZONES, Dress, iso, plain

from tremor.data.geomagnetic.tables import earthquakes, indices, stations
from tremor.errors import Refused

IN_A_FOLDER = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


QUAKE = ["time", "latitude", "longitude", "depth", "magnitude"]
PLACES = st.tuples(st.floats(-90, 90), st.floats(-360, 360), st.floats(0, 700), st.floats(-1, 9.5))


@given(
    places=st.lists(PLACES, min_size=1, max_size=4),
    zone=ZONES,
    dress=DRESSES,
    turned=st.permutations(range(5)),
    upper=st.booleans(),
)
@IN_A_FOLDER
def test_a_catalogue_is_read_back(
    tmp_path: Path, places: list[Any], zone: str, dress: Dress, turned: list[int], upper: bool
) -> None:
    rows = [[iso(300.25 * n, zone), *map(plain, its)] for n, its in enumerate(places)]
    names = [QUAKE[k].upper() if upper else QUAKE[k] for k in turned]
    path = put(tmp_path, "x.csv", dress.text(names, [[row[k] for k in turned] for row in rows]))
    table, notes = earthquakes(path)
    assert notes == []
    start = pd.Timestamp("2018-03-05")
    assert ((table["time"] - start).dt.total_seconds() == 300.25 * table.index).all()
    found = table[["latitude", "longitude", "depth_km", "magnitude"]].to_numpy()
    np.testing.assert_allclose(found, np.array(places), rtol=1e-14)


@given(column=st.integers(0, 4), cell=st.sampled_from(["", "x", "nan", "inf", "999", "1e999", "½"]))
@IN_A_FOLDER
def test_one_broken_cell_of_a_catalogue_is_set_aside_by_its_row(
    tmp_path: Path, column: int, cell: str
) -> None:
    rows = [["2018-03-05", "1", "2", "3", "4"], ["2018-03-06", "1", "2", "3", "4"]]
    rows[1][column] = cell
    table, notes = earthquakes(put(tmp_path, "x.csv", Dress().text(QUAKE, rows)))
    named = column in (0, 1, 2) or (column == 4 and cell != "999")
    if (column, cell) == (0, "999"):
        return  # a year
    assert [where for where, _ in notes] == ["x.csv row 2"] * named
    assert len(table) == 2 - named


@pytest.mark.parametrize("read", [earthquakes, stations, indices])
@pytest.mark.parametrize(
    ("header", "row", "said"),
    [
        ([], ["1,5"], "more fields than its header"),
        (["latitude"], ["1"], "two columns of the name latitude|no column"),
        (["Kp", "kp"], ["1", "2"], "two columns of the name kp|no column"),
    ],
)
def test_columns_that_cannot_be_told_apart_are_refused(
    tmp_path: Path, read: Any, header: list[str], row: list[str], said: str
) -> None:
    names = {
        earthquakes: QUAKE,
        stations: ["station", "latitude", "longitude"],
        indices: ["time", "kp"],
    }
    own = names[read]
    cells = [["2018-03-05", "1", "2", "3", "4"][: len(own)] + row]
    path = put(tmp_path, "x.csv", Dress().text([*own, *header], cells))
    if read is indices and header == ["latitude"]:
        return
    with pytest.raises(Refused, match=said) as told:
        read(path)
    assert told.value.where == str(path)
    assert told.value.remedy


CODES = st.sampled_from(["SBG", "NA", "null", "007", "TRT"])


@given(
    found=st.dictionaries(CODES, st.tuples(st.floats(-90, 90), st.floats(-360, 360)), min_size=1),
    dress=DRESSES,
)
@IN_A_FOLDER
def test_stations_are_read_back(tmp_path: Path, found: dict[str, Any], dress: Dress) -> None:
    rows = [[name, plain(a), plain(b)] for name, (a, b) in found.items()]
    header = ["station", "latitude", "longitude"]
    table, notes = stations(put(tmp_path, "x.csv", dress.text(header, rows)))
    assert notes == []
    assert table["station"].tolist() == [name.upper() for name in found]
    np.testing.assert_allclose(table[header[1:]].to_numpy(), [*found.values()], rtol=1e-14)


def test_a_station_without_a_code_is_named(tmp_path: Path) -> None:
    path = put(tmp_path, "x.csv", b"station,latitude,longitude\nSBG,1,2\n,3,4\n")
    table, notes = stations(path)
    assert (len(table), notes) == (1, [("x.csv row 2", "no station")])


THIRDS = [
    f"{n}{sign}" for n in range(10) for sign in "-o+" if 0 < n * 3 + "-o+".index(sign) - 1 < 28
]


@given(
    kps=st.lists(st.sampled_from(THIRDS), min_size=1, max_size=6),
    published=st.booleans(),
    zone=ZONES,
)
@IN_A_FOLDER
def test_kp_is_read_back(tmp_path: Path, kps: list[str], published: bool, zone: str) -> None:
    told = [int(kp[0]) + ("-o+".index(kp[1]) - 1) / 3 for kp in kps]
    texts = kps if published else [f"{kp:.3f}" for kp in told]
    rows = [[iso(10_800 * n, zone), text, str(-n)] for n, text in enumerate(texts)]
    table, notes = indices(put(tmp_path, "x.csv", Dress().text(["time", "kp", "dst"], rows)))
    assert notes == []
    np.testing.assert_allclose(table["kp"], told, atol=6e-4)
    assert table["dst"].tolist() == [-n for n in range(len(kps))]
