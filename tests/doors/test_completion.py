"""What TAB offers, and what a real bash makes of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from opened import ROOT

from tremor.doors.completion import answer
from tremor.doors.completion_setup import SCRIPTS, complete
from tremor.errors import Refused

TREE = ROOT / "configs"


def offered(line: str, door: str = "train") -> list[str]:
    return [word for word, _ in answer(line, TREE / f"{door}.yaml")]


@pytest.mark.parametrize(
    ("line", "some"),
    [
        (" exp", {"experiment=", "experiment_name="}),
        (" experiment=ecg/r", {"experiment=ecg/resnet"}),
        (" model=lstm,xl", {"model=lstm,xlstm_unet", "model=lstm,xlstm_unet_tiny"}),
        (" optimizer.fo", {"optimizer.foreach="}),
        (" optimizer.lr=", {"optimizer.lr=0.001"}),
        (" dry_run=", {"dry_run=true", "dry_run=false"}),
        (" dataset.align=", {"dataset.align=trim", "dataset.align=pad"}),
        (
            " model=xlstm_unet model.block_type=",
            {"model.block_type=mlstm", "model.block_type=slstm"},
        ),
        (" --he", {"--help"}),
        (" ++trainer.max_ep", {"++trainer.max_epochs="}),
    ],
)
def test_groups_choices_keys_and_values(line: str, some: set[str]) -> None:
    assert set(offered(line)) == some


def test_a_step_at_a_time() -> None:
    words = offered(" report")
    assert words == ["report.", "report="]
    assert "report.fan." in offered(" report.")
    assert "report.fan.points=" in offered(" report.fan.")


def test_keys_follow_the_choices_made_before() -> None:
    assert "dataset.paths=" not in offered(" dataset.")
    assert "dataset.paths=" in offered(" experiment=seismic_lstm/lstm dataset.")


def test_each_choice_says_what_it_is() -> None:
    told = dict(answer(" explainer=", TREE / "explain.yaml"))
    assert told["explainer=lime"].startswith("Slopes near the whole record")


def test_the_other_doors_take_keys_of_the_training_tree_and_no_experiment() -> None:
    assert "split=" in offered(" sp", "evaluate")
    assert "dataset.batch_size=" in offered(" dataset.bat", "evaluate")
    assert offered(" experiment=", "evaluate") == []


def test_runs_and_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "outputs" / "first" / "one" / "checkpoints").mkdir(parents=True)
    (tmp_path / "events.pkl").touch()
    runs = offered(" checkpoint=", "evaluate")
    assert "checkpoint=outputs/first/one" in runs
    assert offered(" checkpoint=outputs/f", "evaluate") == ["checkpoint=outputs/first/"]
    typed = " experiment=seismic_lstm/lstm dataset.paths=[ev"
    assert offered(typed) == ["dataset.paths=[events.pkl"]


@pytest.mark.parametrize("shell", SCRIPTS)
def test_scripts_are_there_to_install_and_to_remove(shell: str) -> None:
    root = TREE / "train.yaml"
    assert "simple_train" in complete(["-sc", f"install={shell}"], root)
    assert complete(["-sc", f"uninstall={shell}"], root)


@pytest.mark.parametrize("verb", ["install=tcsh", "install", "begin=bash"])
def test_another_shell_is_refused(verb: str) -> None:
    with pytest.raises(Refused, match="bash, zsh or fish"):
        complete(["-sc", verb], TREE / "train.yaml")


def test_a_real_bash_completes(tmp_path: Path) -> None:
    script = tmp_path / "complete.sh"
    line = "python simple_train.py experiment=ecg/r"
    script.write_text(
        f'{SCRIPTS["bash"]}\npython() {{ "{sys.executable}" "$@"; }}\n'
        f"compopt() {{ :; }}\nCOMP_LINE='{line}'\nCOMP_POINT={len(line)}\n"
        "COMP_WORDBREAKS=$' =:'\n_tremor_doors\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n"
    )
    done = subprocess.run(
        ["bash", "--norc", script], cwd=ROOT, capture_output=True, text=True, env=dict(os.environ)
    )
    assert done.stdout == "ecg/resnet\n", done.stderr
