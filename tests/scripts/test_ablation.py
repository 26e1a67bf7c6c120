"""The ablation script: which runs it starts, what it keeps, what it tries again."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from opened import ROOT, finished, leave_blank, load_script

STUB = """#!/bin/bash
echo "$@" >> "$CALLS"
printf '%s\\n' "$@" >> "$CALLS.words"
case "$1" in *compare.py) exit 0 ;; esac
case "$*" in *"$FAIL"*) [ -n "$FAIL" ] && { echo "error: a fault" >&2; exit "${CODE:-1}"; } ;; esac
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
    ("name", "runs"),
    [("pretraining", 5), ("fewshot", 10), ("classes", 4), ("architecture", 6), ("controls", 3)],
)
def test_each_set_runs_every_seed_and_then_compares(
    ablation: Ablation, tmp_path: Path, name: str, runs: int
) -> None:
    given = [] if name in ("architecture", "controls") else [str(tmp_path)]
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
    assert said.count("FAILED") == said.count("error: a fault") == 2
    code, calls, _ = ablation("classes", str(tmp_path))
    assert code == 0
    assert len([call for call in calls if "num_classes=4" in call]) == 2
    assert len(calls) == 3


def test_nothing_more_is_tried_where_the_first_run_is_refused(
    ablation: Ablation, tmp_path: Path
) -> None:
    code, calls, said = ablation("controls", FAIL="experiment=", CODE="2")
    assert (code, len(calls), said.count("error: a fault")) == (1, 1, 1)
    code, calls, _ = ablation("classes", str(tmp_path), FAIL="num_classes=4", CODE="2")
    assert (code, len(calls)) == (1, 9)


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


def test_a_folder_holds_runs_of_one_plan(ablation: Ablation, tmp_path: Path) -> None:
    assert ablation("classes", str(tmp_path), SEEDS="1")[0] == 0
    code, calls, said = ablation("classes", str(tmp_path), "optimizer.lr=1", SEEDS="1")
    assert code == 1
    assert [call.split()[0] for call in calls] == ["scripts/compare.py"]
    assert said.count("begun with other overrides") == 4


def test_words_reach_every_run_as_they_were_typed(ablation: Ablation, tmp_path: Path) -> None:
    place = tmp_path / "a pretraining"
    place.mkdir()
    typed = """dataset.paths=["/a b","/it's"]"""
    code, _, _ = ablation("classes", str(place), typed, SEEDS="1", OUT=str(tmp_path / "o u t"))
    words = (tmp_path / "calls.words").read_text().splitlines()
    assert code == 0
    assert words.count(typed) == words.count(f"model.pretrained={place}") == 4
    assert f"hydra.run.dir={tmp_path / 'o u t' / 'classes_2_seed1'}" in words


@pytest.mark.parametrize("env", [{"ONLY": "clases_2"}, {"SEEDS": " "}])
def test_no_run_at_all_is_an_error(ablation: Ablation, tmp_path: Path, env: dict[str, str]) -> None:
    code, calls, said = ablation("classes", str(tmp_path), **env)
    assert code == 2
    assert not calls
    assert "no run of 'classes' is wanted" in said


@pytest.mark.parametrize("words", [[], ["nonsense"], ["fewshot"], ["fewshot", "/nowhere"]])
def test_a_wrong_call_says_how(ablation: Ablation, words: list[str]) -> None:
    code, calls, said = ablation(*words)
    assert code == 2
    assert not calls
    assert "scripts/ablation.sh fewshot" in said


SMALL = [
    "dataset.n_pre=60",
    "dataset.n_visso=15",
    "dataset.n_post=60",
    "trainer.max_epochs=1",
    "model.pool=[4]",
    "encoder.d_model=8",
    "encoder.width=8",
    "model.d_model=8",
    "model.n_layers=1",
    "trainer.accelerator=cpu",
    "evaluation.draws=50",
    "evaluation.permutations=20",
]


@pytest.mark.slow
def test_what_it_starts_ends_in_a_comparison(
    ablation: Ablation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its words in this process: simple_train.py and compare.py take them as they stand."""
    leave_blank(monkeypatch)
    settings = {"SEEDS": "1", "ONLY": "mlstm mixed"}
    settings["EXPERIMENT"] = "fore_aftershock/finetune_xlstm_unet_tiny"
    _, calls, _ = ablation("architecture", *SMALL, **settings)
    shutil.rmtree(tmp_path / "out")
    *trainings, comparison = [shlex.split(call) for call in calls]
    finished(tmp_path, *trainings, allow="")
    assert load_script("compare").main(comparison[1:]) == 0
    found = json.loads((tmp_path / "out" / "comparison" / "comparison.json").read_text())
    seeds = [[run["seed"] for run in c["runs"]] for c in found["configurations"]]
    assert seeds == [[1], [1]]
    assert len(found["pairs"]) == 1
    assert len(list((tmp_path / "out").glob("*_seed1/summary.json"))) == 2  # kept when called again
