"""What people type by mistake, and the words that they are told to type instead."""

from __future__ import annotations

import shlex

import pytest
from opened import ROOT, Door

from tremor.config.overrides import groups_of, wrong_choices
from tremor.doors.misspelt import spelt
from tremor.errors import Refused

TREE = ROOT / "configs"
MEANT = {
    "optimizer.lr = 0.1": "optimizer.lr=0.1",
    "optimizer.lr= 0.1": "optimizer.lr=0.1",
    "optimizer.lr =0.1": "optimizer.lr=0.1",
    "optimizer.lr 0.1": "optimizer.lr=0.1",
    "--optimizer.lr=0.1": "optimizer.lr=0.1",
    "--lr 0.1": "optimizer.lr=0.1",
    "--epochs=3": "trainer.max_epochs=3",
    "--batch-size 4": "dataset.batch_size=4",
    "--hlep": "--help",
    "help": "--help",
    "dataset.paths=[a b.pkl]": "'dataset.paths=[a b.pkl]'",
    "dataset.paths=[a.pkl seed=1": "'dataset.paths=[a.pkl]'",
    "-m seed=range(1,3": "'seed=range(1,3)'",
    "-m seed=range[1,3]": "'seed=range(1,3)'",
    "seed=range(1,3)": "put -m before it",
    "trainer.max_epochs=3,4": "put -m before it, or trainer.max_epochs=[3,4] for a list",
    "quickstart": "experiment=quickstart",
    "ecg/demo": "experiment=ecg/demo",
    "seed==3": "seed=3",
    "optimizer.lr=1e-3;": "'optimizer.lr=\"1e-3;\"'",
}
SOUND = [
    "-m seed=1,2 model=lstm,cnn1d",
    "--cfg job seed=3",
    "--config-dir more model=mine",
    "~model.dropout",
    "target=contrast(a,b)",
    "explainer.budget=rel_se=0.05",
    "dataset.station=glob(*)",
    "hydra/launcher=joblib hydra.sweep.dir=x",
]


@pytest.mark.parametrize("line", MEANT)
def test_what_was_meant_is_said(line: str) -> None:
    with pytest.raises(Refused) as refusal:
        spelt(line.split(), TREE / "train.yaml")
    assert refusal.value.remedy == MEANT[line]


@pytest.mark.parametrize("line", SOUND)
def test_what_is_sound_stays(line: str) -> None:
    assert spelt(line.split(), TREE / "train.yaml") == line.split()


def test_a_run_without_its_key_is_a_checkpoint() -> None:
    with pytest.raises(Refused) as refusal:
        spelt([str(ROOT)], TREE / "evaluate.yaml")
    assert refusal.value.remedy == f"checkpoint={ROOT}"


def test_an_experiment_is_for_training_alone() -> None:
    with pytest.raises(Refused, match="brings its own config"):
        spelt(["checkpoint=a", "experiment=ecg/demo"], TREE / "explain.yaml")


def test_letters_beyond_ascii_need_no_quotes() -> None:
    words = ["experiment_name=réseau/ü", "dataset.paths=[é.pkl,b.pkl]", "a='ü'"]
    quoted = ["experiment_name='réseau/ü'", "dataset.paths=['é.pkl',b.pkl]", "a='ü'"]
    assert spelt(words, TREE / "train.yaml") == quoted


def test_a_very_long_list_is_refused_in_a_line() -> None:
    word = f"dataset.paths=[{','.join(f'a{n}.pkl' for n in range(2000))}"
    with pytest.raises(Refused) as refusal:
        spelt([word], TREE / "train.yaml")
    assert len(str(refusal.value)) < 400


@pytest.mark.parametrize(
    ("choice", "mend"),
    [
        ("experiment=ecg resnet", "experiment=ecg/resnet"),
        ("experiment=configs/experiment/ecg/resnet.yaml", "experiment=ecg/resnet"),
        ("model=LSTM", "model=lstm"),
        ("experiment=ecg", ""),
    ],
)
def test_choices_that_are_nearly_right(choice: str, mend: str) -> None:
    _, (problem,) = wrong_choices([choice], groups_of(TREE))
    assert problem.mend == mend
    assert "ecg/demo" in problem.fault or choice == "model=LSTM"
    assert "geomagnetic" not in problem.fault


def test_the_door_says_it_in_three_lines_and_leaves_nothing(door: Door) -> None:
    outcome = door("simple_train.py", *shlex.split("optimizer.lr = 0.1"))
    assert outcome.code == 2
    assert outcome.err.splitlines()[0] == "error: there must be no spaces around ="
    assert outcome.err.splitlines()[-1] == "remedy: optimizer.lr=0.1"
