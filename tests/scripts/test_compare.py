"""The script as a user runs it: folders in, tables and a page out, refusals in three lines."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaluation.fold_runs import folds
from evaluation.test_compare import answers, fabricate
from opened import load_script

script = load_script("compare")


def run(*arguments: object) -> int:
    return int(script.main([*map(str, arguments), "--draws", "100"]))


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two configurations of two seeds, and one run that never ended."""
    for size, skill in ((64, 0.55), (128, 0.95)):
        for seed in (1, 2):
            said = answers(skill, seed + size)
            keys = {"seed": seed, "model__hidden_size": size}
            fabricate(tmp_path / "outputs" / f"{size}_{seed}", said, **keys)
    (tmp_path / "outputs" / "broken" / "checkpoints").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "outputs"


def test_it_compares_and_says_where_all_is(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("outputs", "--over", "model.hidden_size") == 0
    said = capsys.readouterr().out
    (folder,) = (runs.parent / "comparisons").iterdir()
    for words in ("the best is model.hidden_size=128", "clearly better than the other", "broken"):
        assert words in said
    for name in ("comparison.html", "over_hidden_size.png", "pairs.csv"):
        assert f"comparisons/{folder.name}/{name}" in said
        assert (folder / name).stat().st_size > 0


def test_the_same_call_gives_the_same_numbers(runs: Path) -> None:
    for name in ("a", "b"):
        assert run(runs, "--out", name, "--metric", "mcc", "--seed", 3) == 0
    here = runs.parent
    for file in ("comparison.json", "pairs.csv", "comparison.html"):
        assert (here / "a" / file).read_bytes() == (here / "b" / file).read_bytes()


def test_refusals_are_three_lines_and_code_two(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fabricate(runs / "other", answers(0.8, events=30), seed=1, model__hidden_size=32)
    alone = runs / "64_1"
    bad = (["nowhere"], [runs], [alone, "--over", "seed.x"], [alone, "--metric", "kappa"])
    for arguments in bad:
        assert run(*arguments, "--out", "x") == 2
        lines = capsys.readouterr().err.splitlines()
        assert [line.split(":")[0] for line in lines] == ["error", "where", "remedy"]
    assert not Path("x").exists()
    assert run(runs, "--out", "x", "--allow-other-records") == 0
    assert "not tested against each other: 2 pairs" in capsys.readouterr().out
    assert run(runs, "--out", "x", "--allow-other-records") == 2


def test_every_option_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--help")
    shown = capsys.readouterr().out
    for words in ("--allow-other-records", "--over KEY", "(default 2000)", "comparisons/<time>"):
        assert words in shown


def test_runs_of_several_heads_are_compared_by_head(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for seed in (1, 2):
        folds(tmp_path / "outputs", several=True, n_folds=2, seed=seed)
    assert run("outputs", "--out", "x") == 2
    assert "--head magnitude" in capsys.readouterr().err
    assert run("outputs", "--out", "x", "--head", "azimuth") == 0
    assert "With 5 classes the best is study" in capsys.readouterr().out
