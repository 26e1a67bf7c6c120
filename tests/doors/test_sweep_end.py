"""A sweep over folds ends with one page; any other sweep, and one that lacks a fold, does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from opened import TONES, Door

from tremor.doors import sweep_end

FOLDS = ["dataset.event_split_method=leave_event_out", "dataset.n_folds=2"]


@pytest.mark.slow
def test_a_sweep_over_folds_collects_them(door: Door, tmp_path: Path) -> None:
    outcome = door("simple_train.py", "-m", "dataset.fold=range(0,2)", *FOLDS, *TONES)
    assert outcome.code == 0, outcome.err
    (page,) = (tmp_path / "outputs").glob("*/*/folds/folds.html")
    assert str(page.relative_to(tmp_path)) in outcome.out
    assert "2 folds pooled" in outcome.out
    assert "mean ± sd of folds" in outcome.out


@pytest.mark.slow
def test_a_fold_that_fails_is_named_and_the_sweep_ends_as_ever(
    door: Door, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    anyway = "hydra.sweeper.check=false"
    outcome = door("simple_train.py", "-m", "dataset.fold=0,7", anyway, *FOLDS, *TONES)
    assert outcome.code == 1
    assert "of 2 folds 1 are missing: 1" in outcome.err
    assert "--allow-missing" in outcome.err
    assert not list((tmp_path / "outputs").glob("*/*/folds"))


def test_what_goes_wrong_is_said_and_raises_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep_end.collect_folds(tmp_path / "nowhere")
    assert "not collected: no such folder" in capsys.readouterr().err

    def broken(sweep: Path) -> None:
        raise ZeroDivisionError("by nought")

    monkeypatch.setattr(sweep_end, "_collect", broken)
    sweep_end.collect_folds(tmp_path)
    assert "not collected: ZeroDivisionError: by nought" in capsys.readouterr().err


def test_nothing_heavy_is_loaded_at_start() -> None:
    code = "import sys, tremor.doors.sweep_end; print({'torch', 'pandas'} & set(sys.modules))"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert made.stdout.strip() == "set()"
