"""The script as a user runs it: a file, the next command, and refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
from opened import load_script

from tremor.data.cache import open_records
from tremor.data.sources.norcia import Norcia
from tremor.data.sources.safe_pickle import read_pickle

make = load_script("make_synthetic")


def run(*arguments: object) -> int:
    return int(make.main([str(a) for a in arguments]))


def test_it_writes_the_file_and_says_what_to_try_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "my events.pkl"
    assert run("waveform_pickle", out, "--n-events", 6, "--duration", 5, "--windows", 2) == 0
    events, labels = read_pickle(out)
    assert len(events) == len(labels) == 12
    assert set(labels) == {"foreshock", "aftershock"}
    assert list(events[0].columns) == ["Z", "N", "E"]
    assert len(events[0]) == 500
    said = capsys.readouterr().out
    assert f"experiment=seismic_lstm/lstm 'dataset.paths=[{out}]'" in said


def test_effect_size_and_seed_reach_the_world(tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.pkl" for name in "abc"]
    for file, options in zip(
        files, (["--seed", 1], ["--seed", 2], ["--effect-size", 0]), strict=True
    ):
        assert run("waveform_pickle", file, "--n-events", 4, "--duration", 4, *options) == 0
    assert len({file.read_bytes() for file in files}) == 3


def test_an_existing_file_is_kept_unless_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "x.pkl"
    out.write_text("mine")
    assert run("waveform_pickle", out, "--n-events", 4) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert run("waveform_pickle", out, "--n-events", 4, "--duration", 4, "--overwrite") == 0


def test_every_option_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("waveform_pickle", "--help")
    shown = capsys.readouterr().out
    for words in ("--effect-size", "[Hz]", "--days-before", "(default 600)"):
        assert words in shown


@pytest.mark.parametrize("wrong", [["waveform_pickl", "x"], ["waveform_pickle"], []])
def test_wrong_calls_end_with_code_two(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        run(*wrong)
    assert end.value.code == 2


@pytest.mark.parametrize(
    "wrong", [["--n-events", -3], ["--missing", 2], ["--main-shock", "x"], ["--windows", 0]]
)
def test_impossible_worlds_are_refused_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: list[object]
) -> None:
    assert run("waveform_pickle", tmp_path / "x.pkl", *wrong) == 2
    told = capsys.readouterr().err
    assert str(wrong[0])[2:].replace("-", "_") in told
    assert "remedy: give" in told
    assert not list(tmp_path.iterdir())


FEW = ("--n-pre", 4, "--n-visso", 2, "--n-post", 3)


@pytest.mark.parametrize(("kind", "files"), [("pickle", 3), ("hdf5", 6)])
def test_the_norcia_files_can_be_read_and_the_next_command_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, files: int
) -> None:
    out = tmp_path / "my data"
    assert run("norcia", out, "--kind", kind, *FEW) == 0
    assert len(list(out.iterdir())) == files
    records, _ = open_records(Norcia(str(out)), str(tmp_path / "cache"))
    assert len(records) == 9
    said = capsys.readouterr().out
    assert f"written: {files} files in {out} (9 events" in said
    wanted = f"experiment=fore_aftershock/finetune_xlstm_unet_2class 'dataset.data_dir={out}'"
    assert f"python simple_train.py {wanted} encoder=conv_patch_tiny model=xlstm_unet_tiny" in said


def test_norcia_has_the_real_size_by_default_and_a_fixed_length() -> None:
    asked = make.parser().parse_args(["norcia", "out"])
    assert (asked.n_pre, asked.n_visso, asked.n_post, asked.kind) == (4595, 886, 3628, "pickle")
    assert not hasattr(asked, "duration")
    assert asked.effect_size == 1.0


def test_existing_norcia_files_are_kept_unless_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = tmp_path / "NRCA_attributes_visso.csv"
    mine.write_text("mine")
    assert run("norcia", tmp_path, "--kind", "hdf5", *FEW) == 2
    assert "NRCA_attributes_visso.csv" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [mine]
    assert run("norcia", tmp_path, "--kind", "hdf5", *FEW, "--overwrite") == 0
    assert mine.read_text() != "mine"


@pytest.mark.parametrize("wrong", [["--n-visso", 0], ["--effect-size", -1], ["--main-shock", "x"]])
def test_impossible_sequences_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: list[object]
) -> None:
    assert run("norcia", tmp_path / "x", *FEW, *wrong) == 2
    assert str(wrong[0])[2:].replace("-", "_") in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_magnetometers_come_as_day_files_with_their_tables(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "my days"
    options = ["--n-events", 2, "--n-days", 3, "--sites", "SKB", "--days-around", 0, "--no-gzip"]
    assert run("geomagnetic", out, *options) == 0
    assert (out / "catalogue.csv").read_text().count("\n") == 3
    assert list(out.glob("SKB/skb2018*vsec.sec"))
    told = capsys.readouterr()
    where = f"'dataset.data_dir={out}'"
    assert f"experiment=geomagnetic/loeo dataset.source=files {where}" in told.out
    assert "day files: 2 of 2" in told.err
    assert run("geomagnetic", out, *options, "--effect-size", 0) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert run("geomagnetic", out, *options, "--effect-size", 0, "--overwrite") == 0


@pytest.mark.parametrize(
    "wrong", [["--band-mhz", "low"], ["--sites", "XYZ"], ["--sites", 0], ["--start", "soon"]]
)
def test_impossible_magnetometers_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: list[object]
) -> None:
    assert run("geomagnetic", tmp_path / "x", *wrong) == 2
    assert "remedy:" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_hearts_and_what_to_do_with_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = ("--patients", 2, "--records-per-patient", 2, "--duration", 3, "--longer", 0)
    assert run("ecg", tmp_path, *sizes) == 0
    assert len(list(tmp_path.glob("*.hea"))) == len(list(tmp_path.glob("*.mat"))) == 4
    assert (tmp_path / "patients.csv").read_text().startswith("record,patient\nS00000_0,S00000\n")
    said = capsys.readouterr()
    assert f"dataset.patients={tmp_path / 'patients.csv'}" in said.out
    assert "records: 4 of 4" in said.err
    assert run("ecg", tmp_path, *sizes, "--effect-size", 0) == 2
    assert "--overwrite" in capsys.readouterr().err
