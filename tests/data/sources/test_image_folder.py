"""Folders of pictures to records: what is read, what is set aside, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tremor.data.audit import audit, audited, warning
from tremor.data.cache import open_records
from tremor.data.images.labels import in_order
from tremor.data.records import RecordSet
from tremor.data.sources.image_folder import ImageFolder
from tremor.data.splits import by_folder
from tremor.errors import Refused, TremorError

CLASSES = ("foreshock", "aftershock")
EXTENT = (0.0, 50.0, 0.32, 12.67)
SPLIT: dict[str, Any] = {
    "train_frac": None,
    "val_ratio": 0.25,
    "test_ratio": 0.3,
    "fold": None,
    "n_folds": 5,
    "purge_hours": 0.0,
    "seed": 0,
}


def pixels(seed: int, rows: int = 5, columns: int = 4, colours: int = 3) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (rows, columns, colours), np.uint8)


def drawn(path: Path, seed: int, **size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels(seed, **size)).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Made elsewhere: RGBA pictures, a table whose names start at the parent, eight events."""
    root, rows = tmp_path / "all", []
    for n in range(16):
        part, label = ("test" if n < 4 else "train"), CLASSES[n // 2 % 2]
        path = drawn(root / part / label / f"{'AB'[n % 2]}__t{n}.png", n, colours=4)
        known = {"source_id": n // 2, "source_magnitude": 2 + n / 8, "label": label, "split": part}
        known |= {"trace_start_time": f"2016-10-{n + 1:02d}T00:00:00Z", "station": "AB"[n % 2]}
        rows.append(known | {"filename": str(path.relative_to(tmp_path)), "week": 40})
    pd.DataFrame(rows).to_csv(root / "metadata.csv", index=False)
    np.save(root / "f_t_range.npy", np.array(EXTENT))
    return root


def opened(folder: Path, **settings: Any) -> RecordSet:
    usual: dict[str, Any] = {"height": 5, "f_t_range": EXTENT}
    source = ImageFolder(str(folder), **(usual | settings))
    return open_records(source, f"{folder.parent}.cache")[0]


def aside(records: RecordSet) -> dict[str, str]:
    return {item["record_id"]: item["reason"] for item in records.meta["set_aside"]}


def test_pictures_are_records_that_run_in_time(folder: Path) -> None:
    records = opened(folder)
    assert len(records) == 16
    assert records.channels == ("R", "G", "B")
    assert records.classes == ("aftershock", "foreshock")
    assert records.sampling_rate == pytest.approx(5 * 3 / (12.67 - 0.32))
    place = records.table.index[records.table["record_id"] == "B__t5"][0]
    picture = records.record(place).reshape(3, 4, 5).transpose(2, 1, 0)
    np.testing.assert_allclose(picture, pixels(5, colours=4)[..., :3] / 255, rtol=1e-6)
    row = records.table.loc[place]
    known = row[["group", "station", "magnitude", "start_time", "folder"]].tolist()
    assert known == ["2", "B", 2.625, "2016-10-06T00:00:00.000000Z", "train"]
    assert not aside(records)


def test_mean_colours_stand_beside_each_picture(folder: Path) -> None:
    row = opened(folder).table.set_index("record_id").loc["B__t5"]
    expected = pixels(5, colours=4)[..., :3].mean((0, 1)) / 255
    assert row[["mean_R", "mean_G", "mean_B"]].tolist() == pytest.approx(expected.tolist())


def test_the_folders_own_test_part_tests_and_events_stay_whole(folder: Path) -> None:
    table = opened(folder).table
    parts = by_folder(table, **SPLIT)
    assert (parts[table["folder"] == "test"] == "test").all()
    assert parts.value_counts().to_dict() == {"train": 8, "test": 4, "val": 4}
    checks = audited(table, parts, CLASSES)["checks"]
    assert [check["passed"] for check in checks] == [True, True, True]
    told = pd.read_csv(folder / "metadata.csv")
    chosen = told["source_id"].isin([3, 4])
    told.assign(split=told["split"].mask(chosen, "val")).to_csv(folder / "metadata.csv")
    told = pd.read_csv(folder / "metadata.csv")
    names = told["filename"].str.replace("/", "\\")  # as another system writes them
    told.assign(filename=names).to_csv(folder / "metadata.csv", index=False)
    table = opened(folder).table
    parts = by_folder(table, **SPLIT)
    assert sorted(table.loc[parts == "val", "group"].unique().tolist()) == ["3", "4"]


def test_a_split_by_folder_needs_folders(folder: Path) -> None:
    table = opened(folder).table
    for wrong in (table.drop(columns="folder"), table[table["folder"] == "train"]):
        with pytest.raises(Refused, match="two folders train and test"):
            by_folder(wrong, **SPLIT)


def test_unknown_events_are_said_by_the_audit(folder: Path) -> None:
    (folder / "metadata.csv").unlink()
    table = opened(folder).table
    assert table["group"].tolist() == table["record_id"].tolist()
    assert set(table["station"]) == {"A", "B"}
    parts = by_folder(table, **SPLIT)
    with pytest.raises(TremorError, match="event of every record is known: 16 found"):
        audited(table, parts, CLASSES)
    said = warning(audited(table, parts, CLASSES, allow_leak=True))
    assert said is not None
    assert "the event of every record is known is broken (16)" in said


def test_one_event_in_both_folders_leaks(folder: Path) -> None:
    told = pd.read_csv(folder / "metadata.csv")
    told.assign(source_id=told["source_id"].replace(3, 1)).to_csv(folder / "metadata.csv")
    table = opened(folder).table
    found = audit(table, by_folder(table, **SPLIT), CLASSES)["checks"][0]
    assert (found["passed"], found["count"]) == (False, 1)


def test_another_column_may_name_the_event(folder: Path) -> None:
    told = pd.read_csv(folder / "metadata.csv")
    told.assign(quake=told["source_id"] // 2).to_csv(folder / "metadata.csv")
    assert opened(folder, event_column="quake").table["group"].nunique() == 4
    with pytest.raises(Refused, match="columns are missing: shock"):
        opened(folder, event_column="shock")


def test_classes_come_in_the_order_that_is_asked_for(folder: Path) -> None:
    records = opened(folder)
    usual = in_order(records.table, records.classes, None)
    other = in_order(records.table, records.classes, CLASSES)
    assert usual.classes == ("aftershock", "foreshock")
    assert other.classes == CLASSES
    assert (usual.table["label"] == 1 - other.table["label"]).all()
    alone = in_order(records.table, records.classes, ("foreshock",))
    assert set(alone.table["label"]) == {-1, 0}
    for wrong in (("foreshock", "noise"), ("foreshock", "foreshock")):
        with pytest.raises(Refused) as refused:
            in_order(records.table, records.classes, wrong)
        assert refused.value.remedy == "dataset.classes=[aftershock,foreshock]"


def test_one_station_of_several_and_several_folders(folder: Path) -> None:
    alone = opened(folder, station="B")
    assert set(alone.table["station"]) == {"B"}
    assert len(alone) == 8
    with pytest.raises(Refused, match="no station C there; there are A, B"):
        opened(folder, station="C")
    above = folder.parent / "above"
    above.mkdir()
    folder.rename(above / "one")
    for n in range(16, 20):
        drawn(above / "two" / ("test", "train")[n % 2] / CLASSES[n // 2 % 2] / "A__t5.png", n)
    np.save(above / "two" / "f_t_range.npy", np.array(EXTENT))
    records = opened(above)
    assert len(records) == 20
    assert records.table["record_id"].is_unique
    assert records.table["event_known"].sum() == 16


def test_bad_pictures_are_named_and_set_aside(folder: Path) -> None:
    there = folder / "train" / "foreshock"
    whole = (there / "A__t4.png").read_bytes()
    (there / "A__t4.png").write_bytes(whole[: len(whole) // 2])
    (there / "B__t5.png").write_bytes(b"no picture")
    (there / "A__t8.png").write_bytes(b"")
    drawn(there / "B__t9.png", 9, rows=6)
    Image.fromarray(pixels(1)[..., 0]).save(there / "A__t12.png")
    Image.fromarray(pixels(1)).save(there / "B__t13.png", "jpeg")
    Image.fromarray(np.full((5, 4, 3), 7, np.uint8)).save(there / "flat.png")
    drawn(there / "fine.png", 99)
    records = opened(folder)
    unreadable = dict.fromkeys(("A__t4", "B__t5", "A__t8", "B__t13"), "cannot be read as PNG")
    assert aside(records) == unreadable | {
        "B__t9": "6 x 4 pixels, not 5 x 4",
        "A__t12": "mode L, not RGB or RGBA",
        "flat": "all pixels equal",
    }
    assert len(records) == 17 - 7 + 1


def test_nothing_usable_is_refused(folder: Path) -> None:
    for path in folder.glob("*/*/*.png"):
        path.write_bytes(b"no")
    with pytest.raises(Refused, match="no usable picture: 16 x cannot be read as PNG"):
        opened(folder)


def test_what_rows_and_columns_are_is_said_once(folder: Path) -> None:
    with pytest.raises(Refused) as refused:
        opened(folder, height=33, f_t_range=(0.0, 25.0, 0.32, 12.67))
    assert "the pictures have 5 rows, dataset.height is 33; the folder's" in refused.value.problem
    remedy = "dataset.height=5 dataset.f_t_range=[0,50,0.32,12.67]"
    assert refused.value.remedy == remedy
    (folder / "f_t_range.npy").unlink()
    with pytest.raises(Refused, match=r"f_t_range\.npy is missing") as refused:
        opened(folder)
    assert refused.value.remedy == "dataset.height=5 dataset.f_t_range=null"
    assert opened(folder, f_t_range=None).sampling_rate == 5.0
    few, words, things = np.arange(3), np.array(["a"] * 4), np.array([object()])
    for wrong in (few, words, things, np.array([0, 50, 9, 1]), np.array([0, np.nan, 0, 1])):
        np.save(folder / "f_t_range.npy", wrong)
        with pytest.raises(Refused, match="not four numbers"):
            opened(folder)


def test_a_changed_or_moved_picture_is_another_set(folder: Path) -> None:
    before = opened(folder).fingerprint
    assert opened(folder).fingerprint == before
    last = folder / "train" / "aftershock" / "zz.png"
    drawn(last, 50)
    added = opened(folder).fingerprint
    last.rename(folder / "train" / "foreshock" / "00.png")
    assert len({before, added, opened(folder).fingerprint}) == 3


@pytest.mark.parametrize(
    ("emptied", "match"),
    [
        ("train/foreshock", "no PNG of class foreshock in train"),
        ("test/aftershock", "no PNG of class aftershock in test"),
    ],
)
def test_an_empty_class_is_refused(folder: Path, emptied: str, match: str) -> None:
    for path in (folder / emptied).iterdir():
        path.unlink()
    with pytest.raises(Refused, match=match):
        opened(folder)
    (folder / emptied).rmdir()
    with pytest.raises(Refused, match=match):
        opened(folder)


def test_folders_without_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not there"):
        opened(tmp_path / "none")
    with pytest.raises(Refused, match="no pictures here"):
        opened(tmp_path)
    (tmp_path / "train").mkdir()
    with pytest.raises(Refused, match="no folders of classes in train"):
        opened(tmp_path)


def test_an_unfinished_export_is_refused(folder: Path) -> None:
    (folder / "export.json").write_text(json.dumps({"settings": {"channels": ["Z", "N", "E"]}}))
    assert opened(folder).channels == ("Z", "N", "E")
    whole = (folder / "export.json").read_text()
    for wrong in ("[]", "{", '{"settings": 3}'):
        (folder / "export.json").write_text(wrong)
        with pytest.raises(Refused, match="not a note of an export"):
            opened(folder)
    (folder / "export.json").write_text(whole)
    (folder / "metadata.csv").unlink()
    with pytest.raises(Refused, match="was not finished"):
        opened(folder)
