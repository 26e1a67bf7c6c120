"""Ladder, controls and comparison as a user asks for them: by their commands."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from opened import TONES, Door, enter, finished, load_script, only_run, opened

from tremor.doors import climbing

SMALL = ["model.hidden_size=8", "evaluation.draws=100", "evaluation.permutations=50"]
DRIFT = [TONES[0].replace("worlds.Tones", "drifts.Drifting"), *TONES[1:5], *SMALL]


def test_a_drift_of_the_noise_is_flagged_by_the_noise_alone_and_by_the_date(tmp_path: Path) -> None:
    more = ["dataset.keep=noise", "trainer.max_epochs=4", "optimizer.lr=0.01"]
    words = ["simple_train.py", *DRIFT, *more, "dataset.batch_size=8", "dataset.test_ratio=0.5"]
    run = only_run(finished(tmp_path, words, allow="drifts") / "outputs")
    verdict = json.loads((run / "evaluation" / "metrics.json").read_text())
    assert verdict["control"] == "noise before P"
    assert "NOT at chance: balanced accuracy." in verdict["verdict"][0]
    assert any(s.startswith("NOT better than the metadata: ") for s in verdict["verdict"])
    assert verdict["confounders"]["covariates"]["before"]["day"]["hi"] < -0.2
    page = (run / "report.html").read_text()
    assert "Other reasons" in page
    assert "log-odds of before" in page


def test_judging_two_checkpoints_ends_with_their_comparison(
    door: Door, trained: Path, tmp_path: Path
) -> None:
    assert door("simple_train.py", *TONES, "model.hidden_size=8", "experiment_name=b").code == 0
    other = only_run(tmp_path / "outputs" / "b")
    said = door("evaluate.py", "-m", f"checkpoint={trained},{other}", "split=val")
    assert said.code == 0, said.err
    assert "compared 2 runs on val" in said.out
    assert re.search(r"model.hidden_size=\d+ against model.hidden_size=\d+: [+-]0", said.out)
    (page,) = tmp_path.glob("comparisons/*_val/comparison.html")
    plain = json.loads((page.parent / "comparison.json").read_text())
    assert [len(c["runs"]) for c in plain["configurations"]] == [1, 1]
    alone = door("evaluate.py", f"checkpoint={trained}", "split=val")
    assert "compared" not in alone.out


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Runs of the ladder are made in this process; their folders, in order."""
    made: list[str] = []

    def run(leg: Any) -> int:
        made.append(str(leg.folder.relative_to(tmp_path)))
        leg.told.parent.mkdir(parents=True, exist_ok=True)
        leg.told.write_text("".join(f"{text}\n" for text in leg.overrides))
        words = [*leg.overrides, f"hydra.run.dir={leg.folder}"]
        return opened(monkeypatch, "simple_train.py", *words)

    enter(tmp_path, monkeypatch)
    monkeypatch.setattr(climbing, "_run", run)
    return made


def test_the_ladder_trains_its_rungs_and_measures_the_leak(
    in_process: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ladder = load_script("ladder").main
    quick = [*TONES[:-2], "trainer.max_epochs=1", "dataset.batch_size=8"]
    words = [*quick, "--seeds", "1", "--out", "lad", "--draws", "100"]
    few = ["--rungs", "by_record,random,time_forward,leave_station_out"]
    assert ladder([*words, *few]) == 0
    said = capsys.readouterr().out
    assert in_process == ["lad/by_record/seed1", "lad/random/seed1"]
    assert "Records of one event on both sides are worth" in said or "THE LEAK" in said
    assert "Not offered, later events (time_forward): a split or an embargo by time needs" in said
    assert "Not offered, other stations (leave_station_out): leaving stations out needs" in said
    assert (tmp_path / "lad" / "ladder" / "ladder.html").stat().st_size > 0
    assert ladder([*words, *few]) == 0
    assert len(in_process) == 2  # what is finished stays
    capsys.readouterr()
    assert ladder([*words, *few, "dataset.batch_size=16"]) == 2
    assert "begun with other overrides" in capsys.readouterr().err
    assert ladder([*words, *few, "dataset.fold=1"]) == 2
    assert "the ladder sets these itself: dataset.fold=1" in capsys.readouterr().err
    assert ladder(["--runs", "nowhere", "--out", "x"]) == 2
