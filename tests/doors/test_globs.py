"""`dataset.station=glob(*)`: found before Hydra, told where there is nothing to find."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from opened import ROOT

from tremor.config.overrides import globbed, parse, sweep
from tremor.doors.shell import prepared
from tremor.errors import Refused

TRAIN = ROOT / "configs" / "train.yaml"
TYPED = ["experiment=stations/cnn", "dataset.data_dir=stations"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four stations, with empty files: only their names are read."""
    for name in ("NRCA", "T1212", "T1213", "0815"):
        (tmp_path / "stations" / name).mkdir(parents=True)
        for ending in ("pre.hdf5", "post.hdf5", "pre_attribute.csv", "post_attribute.csv"):
            (tmp_path / "stations" / name / f"{name}_{ending}").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "stations"


def sweeps(*overrides: str) -> str:
    """What Hydra gets for `dataset.station`."""
    (found,) = [a for a in prepared(list(overrides), TRAIN) if "dataset.station=" in a]
    return found


@pytest.mark.parametrize(
    ("pattern", "stations"),
    [
        ("glob(*)", "'0815',NRCA,T1212,T1213"),
        ("glob(T12*)", "T1212,T1213"),
        ("glob([N*,T*],exclude=*13)", "NRCA,T1212"),
        ("glob(*,exclude=[T*,0*])", "NRCA"),
    ],
)
def test_the_stations_that_fit_are_swept_over(pattern: str, stations: str) -> None:
    assert sweeps("-m", *TYPED, f"dataset.station={pattern}") == f"++dataset.station={stations}"


def test_other_sweeps_and_places_stand_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    typed = ["-m", "seed=1,2", "model=station_cnn", "experiment=stations/cnn"]
    monkeypatch.setenv("TREMOR_STATIONS", "stations")
    found = prepared([*typed, "dataset.station=glob(T*)"], TRAIN)
    assert found[:3] == ["-m", "++seed=1,2", "model=station_cnn"]
    assert found[-1] == "++dataset.station=T1212,T1213"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ([*TYPED], "that is a sweep"),
        (["-m", *TYPED[:1]], "this folder is not there"),
        (["-m", *TYPED[:1], "dataset.data_dir=a,b"], "needs one folder to look in"),
        (["-m", *TYPED, "dataset.source=synthetic"], "made-up stations are not found"),
        (["-m"], "no folder of stations here"),
        (["-m", "experiment=fore_aftershock/finetune_xlstm_unet"], "no folder of stations here"),
    ],
    ids=str,
)
def test_without_a_folder_to_look_in_it_is_refused(typed: list[str], said: str) -> None:
    with pytest.raises(Refused, match=said):
        prepared([*typed, "dataset.station=glob(*)"], TRAIN)


def test_no_station_that_fits_lists_those_that_exist() -> None:
    with pytest.raises(Refused, match="there are 0815, NRCA, T1212, T1213"):
        prepared(["-m", *TYPED, "dataset.station=glob(X*)"], TRAIN)


def test_evaluation_has_no_folder_to_look_in() -> None:
    with pytest.raises(Refused, match="no folder of stations here"):
        prepared(["-m", "checkpoint=x", "dataset.station=glob(*)"], ROOT / "configs/evaluate.yaml")


@pytest.mark.parametrize("name", ["NRCA", "0815", "T 1", "a,b", "null", "it's", "x[1]", "1e3"])
def test_any_name_is_read_as_itself(name: str) -> None:
    assert parse([sweep("++dataset.station=glob(*)", [name])]) == {"dataset.station": name}


def test_other_keys_and_values_are_no_globs() -> None:
    for text in ("dataset.station=globe", "dataset.stations=glob(*)", "dataset.station=NRCA", "x"):
        assert globbed(text, "dataset.station") is None


def test_torch_is_not_needed_for_it(folder: Path) -> None:
    code = (
        "import sys, pathlib; from tremor.doors.shell import prepared;"
        f"prepared({['-m', *TYPED, 'dataset.station=glob(*)']!r}, pathlib.Path({str(TRAIN)!r}));"
        "sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder.parent, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
