"""The script as a user runs it: a sweep's folder in, one page out, refusals in three lines."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from evaluation.fold_runs import folds
from opened import load_script

script = load_script("folds")


def run(*arguments: object) -> int:
    return int(script.main([*map(str, arguments)]))


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four folds of one configuration."""
    folds(tmp_path / "outputs")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "outputs"


def test_it_collects_and_says_where_all_is(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("outputs") == 0
    said = capsys.readouterr().out
    (folder,) = (sweep.parent / "comparisons").iterdir()
    for words in ("study, seed 1: 4 folds", "better than chance", "mean ± sd of folds", "MCC"):
        assert words in said
    for name in ("folds.html", "folds.csv", "pooled.csv", "scores.png"):
        assert f"comparisons/{folder.name}/{name}" in said
    assert run("outputs", "--out", "again") == 0
    for file in ("folds.json", "folds.csv", "folds.html"):
        assert (Path("again") / file).read_bytes() == (folder / file).read_bytes()


def test_refusals_are_three_lines_and_code_two(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(sweep / "1_2")
    for arguments in (["nowhere"], [sweep]):
        assert run(*arguments, "--out", "x") == 2
        lines = capsys.readouterr().err.splitlines()
        assert [line.split(":")[0] for line in lines] == ["error", "where", "remedy"]
    assert not Path("x").exists()
    assert run(sweep, "--out", "x", "--allow-missing") == 0
    assert "NOT whole: folds 2 are missing" in capsys.readouterr().out
