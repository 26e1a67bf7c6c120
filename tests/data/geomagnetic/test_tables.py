"""Catalogues, stations and indices: each earthquake once, each bad row by name."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tremor.data.geomagnetic.tables import earthquakes, indices, stations
from tremor.errors import Refused

HEADER = "time,latitude,longitude,depth,magnitude"
GOOD = "2018-03-05T10:00:00Z,-1.0,100.0,10,5.1"


def put(folder: Path, *rows: str, header: str = HEADER) -> Path:
    path = folder / "table.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_earthquakes_in_order_of_time_named_after_it(tmp_path: Path) -> None:
    path = put(tmp_path, GOOD, "2018-03-04T10:00:00.5+07:00,2,359,,6.0")
    table, notes = earthquakes(path)
    assert notes == []
    assert table["event"].tolist() == ["20180304T030000", "20180305T100000"]
    assert table["time"].tolist()[0] == pd.Timestamp("2018-03-04T03:00:00.5")
    assert table["magnitude"].tolist() == [6.0, 5.1]
    assert table["depth_km"].isna().tolist() == [True, False]


def test_an_earthquake_that_is_listed_twice_is_one(tmp_path: Path) -> None:
    """Within 60 s and 50 km; the stronger row stays."""
    rows = [
        GOOD,
        "2018-03-05T10:00:59Z,-1.3,100.2,12,5.4",
        "2018-03-05T10:00:30Z,-3.0,100.0,12,4.4",
        "2018-03-05T10:03:00Z,-1.0,100.0,12,4.5",
    ]
    table, notes = earthquakes(put(tmp_path, *rows))
    assert table["magnitude"].tolist() == [4.4, 5.4, 4.5]
    assert notes == [("table.csv 20180305T100000", "listed again, next to 20180305T100059")]


def test_names_of_ones_own_where_they_tell_apart(tmp_path: Path) -> None:
    names = ["Palu", "again", "again", "", "twin"]
    rows = [f"2018-0{n + 1}-05T10:00:00Z,-1,100,10,5,{name}" for n, name in enumerate(names)]
    rows.append("2018-05-05T10:00:00Z,30,100,10,5,")
    table, _ = earthquakes(put(tmp_path, *rows, header=HEADER + ",event"))
    assert table["event"].tolist()[:4] == ["Palu", *[f"20180{n}05T100000" for n in (2, 3, 4)]]
    assert table["event"].tolist()[4:] == ["twin", "20180505T100000_+30.00+100.00"]


def test_bad_rows_are_named_and_counted(tmp_path: Path) -> None:
    rows = [
        GOOD,
        "yesterday,1,1,1,5",
        "2018-03-06,91,1,1,5",
        "2018-03-06,1,999,1,5",
        "2018-03-06,1,1,1,strong",
        "2018-03-06,,1,1,5",
    ]
    table, notes = earthquakes(put(tmp_path, *rows))
    assert len(table) == 1
    assert sorted(notes) == [
        ("table.csv row 2", "no time"),
        ("table.csv row 3", "latitude beyond 90 degrees"),
        ("table.csv row 4", "longitude beyond 360 degrees"),
        ("table.csv row 5", "no magnitude"),
        ("table.csv row 6", "no latitude"),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("time,latitude,longitude\n", "no column depth, magnitude; it has time, latitude"),
        (HEADER + "\nx,x,x,x,x\n", "no usable row: no magnitude"),
        (HEADER + "\n", "no usable row: it has none"),
        ("", "cannot read it as a table"),
    ],
)
def test_a_useless_catalogue_is_refused(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "catalogue.csv"
    path.write_text(content)
    with pytest.raises(Refused, match=said):
        earthquakes(path)


def test_stations_once_each(tmp_path: Path) -> None:
    path = put(tmp_path, "sbg,5,95", "SBG,5,95", "TRT,x,98", header="Station, Latitude ,longitude")
    table, notes = stations(path)
    assert table.to_dict("list") == {"station": ["SBG"], "latitude": [5.0], "longitude": [95.0]}
    assert sorted(why for _, why in notes) == ["no latitude", "the station again"]


def test_indices(tmp_path: Path) -> None:
    path = put(tmp_path, "2018-03-05T03:00,2.7", "2018-03-05,1", ",1", header="time,kp")
    table, notes = indices(path)
    assert table["kp"].tolist() == [1.0, 2.7]
    assert notes == [("table.csv row 3", "no time")]
    with pytest.raises(Refused, match="neither kp nor dst"):
        indices(put(tmp_path, "2018-03-05,1", header="time,ap"))


def test_indices_as_published_and_what_cannot_be_true(tmp_path: Path) -> None:
    """Thirds of Kp; fill values, text and what is beyond the scales is not known, and counted."""
    said = ["2+", "2o", "3-", "9+", "0-", "-1", "9.0", "99", "high", ""]
    dst = ["-2001", "99999", "-422", "2000", "", "-5", "-5", "-5", "-5", "-5"]
    both = enumerate(zip(said, dst, strict=True), 1)
    rows = [f"2018-03-{day:02},{one},{other}" for day, (one, other) in both]
    table, notes = indices(put(tmp_path, *rows, header="time,Kp,Dst"))
    nan = float("nan")
    expected = [7 / 3, 2, 8 / 3, nan, nan, nan, 9, nan, nan, nan]
    assert table["kp"].tolist() == pytest.approx(expected, nan_ok=True)
    expected = [nan, nan, -422, 2000, nan, -5, -5, -5, -5, -5]
    assert table["dst"].tolist() == pytest.approx(expected, nan_ok=True)
    assert notes == [
        ("table.csv", "5 values of kp not from 0 to 9: not known"),
        ("table.csv", "2 values of dst not from -2000 to 2000: not known"),
    ]


def test_kp_in_tenths_is_refused(tmp_path: Path) -> None:
    rows = [f"2018-03-0{day},{kp}" for day, kp in enumerate((3, 27, 40, 99), 1)]
    with pytest.raises(Refused, match="kp is in tenths, up to 40: it runs from 0 to 9"):
        indices(put(tmp_path, *rows, header="time,kp"))
    table, _ = indices(put(tmp_path, "2018-03-01,3", "2018-03-02,99", header="time,kp"))
    assert table["kp"].tolist() == pytest.approx([3, float("nan")], nan_ok=True)
