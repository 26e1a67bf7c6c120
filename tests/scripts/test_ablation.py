"""The ablation script: which runs it starts, what it keeps, what it tries again."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from opened import ROOT

STUB = """#!/bin/bash
echo "$@" >> "$CALLS"
case "$1" in *compare.py) exit 0 ;; esac
case "$*" in *"$FAIL"*) [ -n "$FAIL" ] && exit 1 ;; esac
for word in "$@"; do case $word in
  hydra.run.dir=*) folder=${word#*=} ;; resume=*) folder=${word#*=} ;;
esac; done
mkdir -p "$folder/checkpoints"
[ -n "$KILL" ] && { touch "$folder/checkpoints/last.ckpt"; exit 137; }
touch "$folder/summary.json"
"""


class Ablation:
    """The script with a stand-in for Python that writes down how it was called."""

    def __init__(self, folder: Path):
        self.folder, self.calls = folder, folder / "calls"
        stub = folder / "python"
        stub.write_text(STUB)
        stub.chmod(0o755)
        self.env = os.environ | {"PYTHON": str(stub), "CALLS": str(self.calls)}
        self.env |= {"OUT": str(folder / "out"), "SEEDS": "1 2", "FAIL": "", "KILL": ""}

    def __call__(self, *words: str, **env: str) -> tuple[int, list[str], str]:
        """Exit code, calls of Python, and what was said on the error stream."""
        self.calls.write_text("")
        script = [str(ROOT / "scripts" / "ablation.sh"), *words]
        done = subprocess.run(script, env=self.env | env, capture_output=True, text=True)
        return done.returncode, self.calls.read_text().splitlines(), done.stderr


@pytest.fixture
def ablation(tmp_path: Path) -> Ablation:
    return Ablation(tmp_path)


@pytest.mark.parametrize(
    ("name", "runs"), [("pretraining", 5), ("fewshot", 10), ("classes", 4), ("architecture", 6)]
)
def test_each_set_runs_every_seed_and_then_compares(
    ablation: Ablation, tmp_path: Path, name: str, runs: int
) -> None:
    given = [] if name == "architecture" else [str(tmp_path)]
    code, calls, _ = ablation(name, *given, "trainer.devices=1")
    assert code == 0
    trained = [call for call in calls if call.startswith("simple_train.py")]
    assert len(trained) == len(set(trained)) == 2 * runs
    assert all("trainer.devices=1" in call and "seed=" in call for call in trained)
    assert calls[-1].startswith("scripts/compare.py")


def test_finished_runs_are_kept_and_failed_ones_tried_again(
    ablation: Ablation, tmp_path: Path
) -> None:
    code, calls, said = ablation("classes", str(tmp_path), FAIL="num_classes=4")
    assert code == 1
    assert said.count("FAILED") == 2
    code, calls, _ = ablation("classes", str(tmp_path))
    assert code == 0
    assert len([call for call in calls if "num_classes=4" in call]) == 2
    assert len(calls) == 3


def test_a_killed_run_resumes(ablation: Ablation, tmp_path: Path) -> None:
    ablation("architecture", KILL="1", SEEDS="1")
    code, calls, _ = ablation("architecture", SEEDS="1")
    assert code == 0
    resumed = [call for call in calls if "resume=" in call]
    assert len(resumed) == 6
    assert all("experiment=" not in call for call in resumed)


def test_only_the_wanted_runs_are_started(ablation: Ablation, tmp_path: Path) -> None:
    _, calls, _ = ablation("classes", str(tmp_path), ONLY="classes_2 classes_9", SEEDS="1")
    assert [call.split("num_classes=")[1][0] for call in calls[:-1]] == ["2", "9"]


@pytest.mark.parametrize("words", [[], ["nonsense"], ["fewshot"], ["fewshot", "/nowhere"]])
def test_a_wrong_call_says_how(ablation: Ablation, words: list[str]) -> None:
    code, calls, said = ablation(*words)
    assert code == 2
    assert not calls
    assert "scripts/ablation.sh fewshot" in said
