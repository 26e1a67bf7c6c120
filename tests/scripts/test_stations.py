"""The script as a user runs it: folders in, a table out, refusals in three lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaluation.test_by_station import station_run
from opened import load_script

script = load_script("stations")


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two stations, two seeds each, and one run that never ended."""
    for name, skill in (("NRCA", 0.95), ("T1212", 0.6)):
        for seed in (1, 2):
            station_run(tmp_path / "outputs" / f"{name}{seed}", name, skill, seed)
    (tmp_path / "outputs" / "broken" / "checkpoints").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "outputs"


def run(*arguments: object) -> int:
    return int(script.main([*map(str, arguments), "--draws", "100"]))


def test_a_table_is_said_and_written(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("table", "outputs") == 0
    said = capsys.readouterr().out
    (folder,) = (runs.parent / "comparisons").iterdir()
    for words in ("NRCA", "T1212", "mean of 2", "p (Holm)", "Clearly above chance", "unfinished"):
        assert words in said
    for end in ("csv", "json", "md", "pdf", "png"):
        assert f"comparisons/{folder.name}/stations.{end}" in said
        assert (folder / f"stations.{end}").stat().st_size > 0
    assert "…" not in said, "no column is cut"


def test_refusals_are_three_lines_and_code_two(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    station_run(runs / "wide", "NRCA", model__hidden_size=128)
    (runs.parent / "there").mkdir()
    bad = (
        ["table", "nowhere", "--out", "x"],
        ["table", runs, "--out", "there"],
        ["across", runs, "--out", "x"],
        ["across", runs, "--out", "there"],
    )
    for arguments in bad:
        assert run(*arguments) == 2
        lines = capsys.readouterr().err.splitlines()
        assert [line.split(":")[0] for line in lines] == ["error", "where", "remedy"]
    assert not Path("x").exists()


def test_every_option_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for kind in ("table", "across"):
        with pytest.raises(SystemExit):
            run(kind, "--help")
    shown = capsys.readouterr().out
    for words in ("--stations", "--set KEY=VALUE", "(default 2000)", "comparisons/<kind>_<time>"):
        assert words in shown
