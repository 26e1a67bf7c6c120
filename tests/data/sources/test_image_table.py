"""Tables of pictures to records: classes, events and copies; what is set aside, what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf
from PIL import Image

from tremor.data.cache import open_records
from tremor.data.heads import by_head
from tremor.data.images.listed import Listed
from tremor.data.records import RecordSet
from tremor.data.sources.image_table import ImageTable
from tremor.doors.checking import CONFIGS
from tremor.errors import Refused

HEADS = {
    "magnitude": ["Normal", "Moderate", "Medium", "Large"],
    "azimuth": ["Normal", "N", "NE", "E", "SE", "S", "SW", "W", "NW"],
}


def pixels(seed: int, rows: int = 6, columns: int = 6, colours: int = 3) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (rows, columns, colours), np.uint8)


def drawn(path: Path, seed: int, **size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels(seed, **size)).save(path)
    return path


def quake(station: str, day: str, hour: int, size: float, **other: Any) -> dict[str, Any]:
    kind = "Large" if size >= 6 else "Medium" if size >= 5 else "Moderate"
    row = {"station": station, "date": day, "hour": hour, "magnitude": size, "azimuth": 10.0}
    row |= {"magnitude_class": kind, "azimuth_class": "N", "image_type": "original"}
    name = f"{station}_{day.replace('-', '')}_H{hour:02d}_3comp_spec.png"
    return row | {"spectrogram_file": name} | other


def quiet(station: str, day: str, hour: int, **other: Any) -> dict[str, Any]:
    row = {"station": station, "date": day, "hour": hour, "mag_class": "Normal"}
    name = f"{station}_{day.replace('-', '')}_H{hour:02d}_normal_3comp_spec.png"
    return row | {"azi_class": "Normal", "image_type": "normal", "filename": name} | other


def aug(row: dict[str, Any], number: int) -> dict[str, Any]:
    name = row["spectrogram_file"].replace(".png", f"_aug{number}.png")
    return row | {"image_type": "augmented", "spectrogram_file": name}


FIRST = quake("SCN", "2018-01-17", 5, 5.2)
ROWS = [
    FIRST,
    quake("MLB", "2018-01-17", 6, 5.2),  # the same earthquake, at another station and hour
    quake("SCN", "2018-03-02", 21, 6.1, kp_index=2.3),
    quiet("TRD", "2019-07-01", 0),
    quiet("TRD", "2019-07-01", 1),
    quiet("SCN", "2018-01-18", 5),
    aug(FIRST, 1),
    aug(FIRST, 2),
]


def made(root: Path, rows: list[dict[str, Any]], **size: int) -> Path:
    for number, row in enumerate(rows):
        name = row.get("spectrogram_file") or row.get("filename")
        drawn(root / "pictures" / str(row["image_type"]) / str(name), number, **size)
    pd.DataFrame(rows).to_csv(root / "metadata.csv", index=False)
    return root


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path / "study", ROWS, colours=4)


def opened(folder: Path, **settings: Any) -> RecordSet:
    source = ImageTable(str(folder), **({"height": 6} | settings))
    return open_records(source, f"{folder.parent}.cache")[0]


def aside(records: RecordSet) -> dict[str, str]:
    return {item["record_id"]: item["reason"] for item in records.meta["set_aside"]}


def test_rows_are_records_with_classes_events_and_times(folder: Path) -> None:
    records = opened(folder)
    table = records.table.set_index("record_id")
    assert len(records) == 6
    assert (records.channels, records.sampling_rate) == (("R", "G", "B"), 6.0)
    place = list(table.index).index("SCN_20180302_H21_3comp_spec")
    picture = records.record(place).reshape(3, 6, 6).transpose(2, 1, 0)
    np.testing.assert_allclose(picture, pixels(2, colours=4)[..., :3] / 255, rtol=1e-6)
    row = table.iloc[place]
    assert row["group"] == "20180302_M6.1"
    assert [row["label_magnitude"], row["label_azimuth"], row["station"]] == ["Large", "N", "SCN"]
    assert row["start_time"] == "2018-03-02T21:00:00.000000Z"
    assert row[["event_magnitude", "azimuth_deg", "kp"]].tolist() == [6.1, 10.0, 2.3]
    silent = table.loc["TRD_20190701_H00_normal_3comp_spec"]
    assert [silent["group"], silent["label_azimuth"]] == ["TRD_20190701", "Normal"]
    assert np.isnan(silent["event_magnitude"])
    assert table["event_known"].all()
    assert "magnitude" not in table  # a baseline of metadata would have the label itself
    assert aside(records) == {
        f"SCN_20180117_H05_3comp_spec_aug{n}": "augmented copy" for n in (1, 2)
    }


def test_one_earthquake_at_two_stations_is_one_group(folder: Path) -> None:
    table = opened(folder).table
    groups = table[table["label_magnitude"] == "Medium"]["group"]
    assert groups.tolist() == ["20180117_M5.2"] * 2
    assert table["group"].nunique() == 4


def test_an_earthquake_over_midnight_is_one_group(tmp_path: Path) -> None:
    """Days on end with one magnitude, at any station; another magnitude or a day between is not."""
    days = ["2018-02-28", "2018-03-01", "2018-03-02"]
    rows = [quake("SCN", day, 23 - 11 * n, 4.5) for n, day in enumerate(days)]
    rows += [quake("MLB", days[1], 2, 4.5), quake("MLB", days[0], 2, 4.6), quiet("SCN", days[0], 0)]
    rows += [quake("MLB", "2018-03-04", 2, 4.5), aug(rows[2], 1)]
    table = opened(made(tmp_path / "study", rows), augmented="keep").table
    expected = ["20180228_M4.5"] * 4 + ["20180228_M4.6", "SCN_20180228", "20180304_M4.5"]
    assert table["group"].tolist() == [*expected, "20180228_M4.5"]
    named = [row | {"quake": f"2018030{n}_M5.0"} for n, row in enumerate(rows, 1)]
    table = opened(made(tmp_path / "named", named), event_column="quake").table
    assert table["group"].nunique() == len(named) - 1  # the copy has its original's


def test_the_heads_count_in_their_own_classes(folder: Path) -> None:
    records = opened(folder)
    labelled = by_head(records.table, records.classes, HEADS)
    assert labelled.table["label_magnitude"].tolist() == [2, 2, 3, 0, 0, 0]
    assert labelled.table["label_azimuth"].tolist() == [1, 1, 1, 0, 0, 0]


def test_mean_colour_and_level_tell_how_a_picture_was_rendered(folder: Path) -> None:
    table = opened(folder).table
    expected = pixels(0, colours=4)[..., :3].mean((0, 1)) / 255
    np.testing.assert_allclose(
        table.loc[0, ["mean_R", "mean_G", "mean_B"]].to_numpy(float), expected, rtol=1e-5
    )
    assert np.isfinite(table[["level_R", "level_G", "level_B"]]).all(axis=None)


def test_copies_may_stay_with_their_original(tmp_path: Path) -> None:
    copy = aug(FIRST, 3) | {"magnitude": None}  # tables of copies leave things out
    records = opened(made(tmp_path / "study", [*ROWS, copy]), augmented="keep")
    assert len(records) == 9
    assert records.table["augmented"].sum() == 3
    assert set(records.table.loc[records.table["augmented"], "group"]) == {"20180117_M5.2"}
    assert not aside(records)


def test_event_ids_count_unless_they_are_a_stations_own(tmp_path: Path) -> None:
    """Earlier studies call station and date an event: one earthquake was several."""
    own = [r | {"event_id": f"{r['station']}_{r['date']}"} for r in ROWS]
    assert opened(made(tmp_path / "own", own)).table["group"].nunique() == 4
    told = [row | {"event_id": "us1000" if "magnitude" in row else ""} for row in ROWS]
    table = opened(made(tmp_path / "told", told)).table
    assert set(table.loc[table["label_magnitude"] != "Normal", "group"]) == {"us1000"}
    column = opened(tmp_path / "own", event_column="event_id").table
    assert column["group"].nunique() == 5
    with pytest.raises(Refused, match="columns are missing: quake"):
        opened(tmp_path / "own", event_column="quake")


def test_earthquakes_that_nothing_tells_are_not_called_known(tmp_path: Path) -> None:
    lost = quake("MLB", "2018-05-05", 3, 5.0) | {"magnitude": None}
    odd = quake("X", "2018-05-05", 4, 5.0) | {"magnitude": None, "date": "", "station": ""}
    odd["spectrogram_file"] = "strange.png"
    table = opened(made(tmp_path / "study", [*ROWS, lost, odd])).table.set_index("record_id")
    row = table.loc["MLB_20180505_H03_3comp_spec"]
    assert (row["group"], row["event_known"]) == ("MLB_20180505", False)
    assert (table.loc["strange", "group"], table.loc["strange", "event_known"]) == (
        "strange",
        False,
    )
    assert table["event_known"].sum() == 6


def test_rows_and_pictures_that_cannot_be_used_are_named(folder: Path) -> None:
    place = folder / "pictures" / "original"
    whole = (place / "MLB_20180117_H06_3comp_spec.png").read_bytes()
    rows = [*ROWS]
    for number, size in enumerate([{}, {"rows": 7}, {}, {}, {}, {}, {}]):
        rows.append(quake("GTO", f"2020-01-0{number + 1}", 3, 4.5))
        drawn(place / str(rows[-1]["spectrogram_file"]), 50 + number, **size)
    (place / "GTO_20200101_H03_3comp_spec.png").write_bytes(whole[: len(whole) // 2])
    Image.fromarray(pixels(1)[..., 0]).save(place / "GTO_20200103_H03_3comp_spec.png")
    rows[11] |= {"azimuth_class": "Normal"}
    rows[12] |= {"magnitude_class": ""}
    rows[13] |= {"date": "06/01/2020"}
    rows[14] |= {"hour": 24}
    rows += [quake("GTO", "2021-01-01", 3, 4.5), rows[8], {"station": "GTO"}]
    drawn(folder / "confusion_matrix.png", 99)
    pd.DataFrame(rows).to_csv(folder / "metadata.csv", index=False)
    records = opened(folder)
    assert len(records) == 6
    told = aside(records)
    assert {name: reason for name, reason in told.items() if "aug" not in name} == {
        "GTO_20200101_H03_3comp_spec": "cannot be read as PNG",
        "GTO_20200102_H03_3comp_spec": "7 x 6 pixels, not 6 x 6",
        "GTO_20200103_H03_3comp_spec": "mode L, not RGB or RGBA",
        "GTO_20200104_H03_3comp_spec": "Normal in one class and not in the other",
        "GTO_20200105_H03_3comp_spec": "no class of magnitude",
        "GTO_20200106_H03_3comp_spec": "06/01/2020 is no date, year first",
        "GTO_20200107_H03_3comp_spec": "24 is not an hour",
        "row 15 (GTO_20210101_H03_3comp_spec.png)": "its image is not there",
        "row 16 (GTO_20200101_H03_3comp_spec.png)": "a second row of this image",
        "row 17 (no image)": "a row that names no image",
        "confusion_matrix": "no row in metadata.csv",
    }


def test_pictures_of_one_name_are_told_by_their_folders(tmp_path: Path) -> None:
    root = tmp_path / "study"
    rows = [quake("SCN", f"2018-01-0{n}", 5, 5.2) | {"spectrogram_file": ""} for n in (1, 2, 3)]
    for number, (row, place) in enumerate(zip(rows, ("a", "b", ""), strict=True)):
        drawn(root / "made" / place / "spec.png", number)
        row["unified_path"] = f"D:\\elsewhere\\made\\{place}\\spec.png" if place else "spec.png"
    pd.DataFrame(rows).to_csv(root / "metadata.csv", index=False)
    records = opened(root)
    assert records.table["record_id"].tolist() == ["made/a/spec", "made/b/spec"]
    np.testing.assert_allclose(records.record(1), pixels(1).transpose(2, 1, 0).reshape(3, -1) / 255)
    assert aside(records)["row 2 (spec.png)"] == "several images of this name"


def test_a_changed_picture_or_table_is_another_set(folder: Path) -> None:
    before = opened(folder).fingerprint
    assert opened(folder).fingerprint == before
    drawn(folder / "pictures" / "more.png", 70)
    added = opened(folder).fingerprint
    pd.DataFrame(ROWS[:5]).to_csv(folder / "metadata.csv", index=False)
    assert len({before, added, opened(folder).fingerprint}) == 3


def test_what_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(Refused, match="this folder is not there"):
        opened(folder / "none")
    with pytest.raises(Refused, match="this table is not there") as refused:
        opened(folder, metadata="unified.csv")
    assert refused.value.remedy.startswith("dataset.metadata=FILE")
    with pytest.raises(Refused, match="the pictures have 6 rows") as refused:
        opened(folder, height=224)
    assert refused.value.remedy == "dataset.height=6"
    table = pd.read_csv(folder / "metadata.csv")
    table.drop(columns=["spectrogram_file", "filename"]).to_csv(folder / "metadata.csv")
    with pytest.raises(Refused, match="none of the columns unified_path, spectrogram_file"):
        opened(folder)
    table.drop(columns=["magnitude_class", "mag_class"]).to_csv(folder / "metadata.csv")
    with pytest.raises(Refused, match="none of the columns magnitude_class, mag_class"):
        opened(folder)
    table.drop(columns=["azimuth_class", "azi_class"]).to_csv(folder / "metadata.csv")
    alone = opened(folder)
    with pytest.raises(Refused, match="do not tell azimuth; they tell magnitude"):
        by_head(alone.table, alone.classes, HEADS)
    (folder / "metadata.csv").write_text("")
    with pytest.raises(Refused, match="cannot read it as a table"):
        opened(folder)


def test_a_table_without_any_picture_is_refused(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    pd.DataFrame(ROWS).to_csv(tmp_path / "study" / "metadata.csv", index=False)
    with pytest.raises(Refused, match="no usable picture: none there"):
        opened(tmp_path / "study")


@given(day=st.dates(), hour=st.integers(0, 23))
def test_dates_and_hours_of_any_writing_are_one_time(day: date, hour: int) -> None:
    expected = f"{day.isoformat()}T{hour:02d}:00:00.000000Z"
    bare = day.isoformat().replace("-", "")
    for said in (
        day.isoformat(),
        bare,
        f"{day.isoformat()} 00:00:00",
        day.isoformat().replace("-", "/"),
    ):
        for cell in (hour, float(hour), f"H{hour:02d}", f"{hour:02d}:00:00"):
            assert Listed({"date": said, "hour": cell}).start == expected
    assert Listed({"filename": f"a/SCN_{bare}_H{hour:02d}_x.png"}).start == expected
    if bare[0] != "0":  # a gap in the column has made numbers of all
        assert Listed({"date": float(bare), "hour": hour}).start == expected


def test_pictures_near_a_test_picture_are_left_out_unless_asked_for() -> None:
    """Windows before one earthquake may be on two days, and quiet days next to it see its field."""
    assert OmegaConf.load(CONFIGS / "dataset" / "image_table.yaml").purge_hours == 24.0
