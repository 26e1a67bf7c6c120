"""The script as a user runs it: the folder that other tools expect, gone on with, refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.signal
from left_behind import left_behind
from opened import load_script
from PIL import Image

from tremor.data.cache import open_records
from tremor.data.images.export import file_name, listed
from tremor.data.images.labels import in_order
from tremor.data.sources.image_folder import ImageFolder
from tremor.data.splits import by_folder
from tremor.data.synthetic.network import NorciaNetwork
from tremor.doors.data import open_data
from tremor.doors.export import composed
from tremor.errors import Refused

make = load_script("export_spectrograms")
FEW = ["dataset.source=synthetic", "dataset.n_events=16", "dataset.stations=[AAA,BBB]"]
FEW += ["dataset.val_ratio=0.25", "dataset.test_ratio=0.25"]
PUBLISHED = ["encoder.window=[tukey,0.25]", "dataset.amp_norm_type=none", "dataset.demean=none"]


def run(out: Path, *arguments: object) -> int:
    return int(make.main([str(out), *FEW, *map(str, arguments)]))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert run(tmp_path / "pictures") == 0
    return tmp_path / "pictures"


def opened(folder: Path) -> ImageFolder:
    return ImageFolder(str(folder), f_t_range=(0.0, 50.0, 0.32, 12.67))


def test_the_folder_is_what_other_tools_expect(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = sorted(folder.glob("*/*/*.png"))
    table = pd.read_csv(folder / "metadata.csv")
    assert sorted(table["filename"]) == [str(path.relative_to(folder)) for path in pictures]
    assert list(table.columns)[-5:] == ["station", "label", "split", "filename", "week"]
    assert {path.parent.relative_to(folder).as_posix() for path in pictures} == {
        f"{part}/{label}" for part in ("train", "test") for label in ("foreshock", "aftershock")
    }
    assert all(path.name.startswith(("AAA__", "BBB__")) for path in pictures)
    for path in pictures[:3]:
        with Image.open(path) as picture:
            assert (picture.mode, picture.height, picture.width) == ("RGB", 33, 96)
    assert json.loads((folder / "input_dim.json").read_text()) == {"spec_h": 33, "spec_w": 96}
    assert np.load(folder / "input_dim.npy").tolist() == [33, 96]
    assert np.load(folder / "f_t_range.npy").tolist() == [0.0, 50.0, 0.32, 12.67]
    weeks = pd.to_datetime(table["start_time"]).dt.isocalendar().week
    assert (table["week"] == weeks).all()
    assert run(folder) == 0
    said = capsys.readouterr().out
    assert f"experiment=stations/images dataset.data_dir={folder}\n" in said


def test_pictures_are_those_of_scipy_and_row_0_is_0_hertz(tmp_path: Path) -> None:
    """As earlier studies made them, but for the floor: it is relative to the record's level."""
    folder = tmp_path / "published"
    assert run(folder, *PUBLISHED) == 0
    table = pd.read_csv(folder / "metadata.csv").set_index("record_id")
    world = NorciaNetwork(stations=("AAA", "BBB"), n_events=16, duration=13.0, windows=1)
    catalogue = world.catalogue()
    for place in (0, 9, 30):
        wave = world.waveforms(np.array([place]))[0]
        _, _, power = scipy.signal.spectrogram(wave, 100.0, nperseg=64, noverlap=51)
        log = np.log10(power + 1e-6 * power.mean())
        grey = (log - log.min()) / (log.max() - log.min()) * 255
        name = table["filename"][catalogue["record_id"][place]]
        with Image.open(folder / name) as picture:
            pixels = np.asarray(picture).astype(float)
        assert np.abs(pixels - grey.transpose(1, 2, 0)).max() < 0.6


def test_the_split_and_the_records_are_those_of_training(folder: Path, tmp_path: Path) -> None:
    data = open_data(composed(FEW))
    waves = data.records.table.assign(part=data.parts).set_index("record_id")
    source = opened(folder)
    assert source.channels == ("Z", "N", "E")
    records, _ = open_records(source, str(tmp_path / "cache"))
    labelled = in_order(records.table, records.classes, ("foreshock", "aftershock"))
    settings = {"train_frac": None, "val_ratio": 0.1, "test_ratio": 0.3, "fold": None}
    parts = by_folder(labelled.table, **settings, n_folds=5, purge_hours=0.0, seed=7)
    ours = labelled.table.assign(part=parts).set_index("record_id")
    waves = waves.loc[ours.index]
    for column in ("part", "group", "label", "station", "p_time_s", "start_time"):
        assert ours[column].tolist() == waves[column].tolist()
    assert ours["event_known"].all()


def test_it_goes_on_where_it_ended(folder: Path) -> None:
    pictures = sorted(folder.glob("*/*/*.png"))
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in pictures}
    left = left_behind(pictures[0])
    pictures[0].unlink()
    pictures[1].write_bytes(before[pictures[1]][0][:-5])
    pictures[2].write_bytes(b"")
    (folder / "metadata.csv").unlink()
    assert run(folder) == 0
    assert not left.exists()
    assert (folder / "metadata.csv").exists()
    for path in pictures[:3]:
        assert path.read_bytes() == before[path][0]
    for path in pictures[3:]:
        assert path.stat().st_mtime_ns == before[path][1]


def test_several_processes_write_the_same(folder: Path, tmp_path: Path) -> None:
    assert run(tmp_path / "two", "--jobs", 2) == 0
    for path in folder.glob("*/*/*.png"):
        assert (tmp_path / "two" / path.relative_to(folder)).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ("encoder.window=boxcar", "encoder.window was hann, is boxcar"),
        ("dataset.test_ratio=0.4", "split was"),
        ("dataset.amp_norm_type=peak", "normalise._target_ was"),
    ],
)
def test_other_settings_in_one_folder_are_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], other: str, said: str
) -> None:
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert run(folder, other) == 2
    assert said in capsys.readouterr().err
    assert before == {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["experiment=quickstart", "dataset=stations", "encoder=fft"],
            "only spectrograms can be exported",
        ),
        (["--jobs", "0"], "--jobs is 0"),
        (["encoder.windw=hann"], "did you mean encoder.window?"),
        (["encoder.window=han"], "remedy: encoder.window=hann"),
        (["dataset.n_events=2"], "too few"),
        (["experiment=stations/cn"], "stations/cnn"),
    ],
)
def test_what_cannot_be_exported_is_refused_before_anything_is_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert run(tmp_path / "pictures", *arguments) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "pictures").exists()


def test_a_folder_of_something_else_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine").write_text("mine")
    for out in (tmp_path, tmp_path / "mine"):
        assert run(out) == 2
        assert "no export of ours" in capsys.readouterr().err
    (tmp_path / "export.json").write_text("[]")
    assert run(tmp_path) == 2
    assert "not a note of an export of ours" in capsys.readouterr().err


def test_file_names_are_safe_and_begin_with_the_station() -> None:
    assert file_name("NRCA__a.IV.1", "NRCA") == "NRCA__a.IV.1.png"
    assert file_name("a/b:c", "NRCA") == "NRCA__a%2Fb%3Ac.png"
    assert file_name(".hidden", "") == "%2Ehidden.png"
    names = [file_name(name, "") for name in ("a/b", "a%2Fb", "a b", "a\\b")]
    assert len(set(names)) == 4
    assert not set("/\\") & set("".join(names))
    table = pd.DataFrame({"record_id": ["A__x", "x"], "station": "A", "label": [0, 0]})
    names = listed(table, pd.Series(["train", "test"]), ("../up",))["filename"].tolist()
    assert names == ["train/%2E.%2Fup/A__x.png", "test/%2E.%2Fup/A__x.png"]
    with pytest.raises(Refused, match="the name of another one"):
        listed(table, pd.Series(["train", "val"]), ("up",))


def test_every_option_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        make.main(["--help"])
    shown = capsys.readouterr().out
    assert "--jobs" in shown
    assert "key=value" in shown
