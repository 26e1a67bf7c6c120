"""The training door as a user opens it: what it leaves, what it repeats, what it survives."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pandas as pd
import pytest
import torch
import yaml
from opened import TONES, Door, only_run
from ranks import opened_by

PROMISED = [
    "config.yaml",
    "overrides.yaml",
    "provenance.json",
    "audit.json",
    "split.csv",
    "metrics.csv",
    "summary.json",
    "checkpoints/best.ckpt",
    "checkpoints/last.ckpt",
    "evaluation/predictions.csv",
    "evaluation/metrics.json",
    "evaluation/confusion.png",
    "report.html",
]


def weights(run: Path, name: str = "last") -> dict[str, torch.Tensor]:
    state = torch.load(run / "checkpoints" / f"{name}.ckpt", weights_only=True)["state_dict"]
    assert isinstance(state, dict)
    return state


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


def test_a_run_leaves_the_folder_that_it_promises(trained: Path) -> None:
    assert [name for name in PROMISED if not (trained / name).is_file()] == []
    assert not [p for p in trained.rglob(".*") if p.is_file()], "half-written files"
    config = yaml.safe_load((trained / "config.yaml").read_text())
    assert config["loader"]["batch_size"] == 8
    assert yaml.safe_load((trained / "overrides.yaml").read_text()) == TONES
    split = pd.read_csv(trained / "split.csv")
    assert split["split"].value_counts().to_dict() == {"train": 48, "test": 24, "val": 8}
    provenance = json.loads((trained / "provenance.json").read_text())
    assert provenance["versions"]["torch"] == torch.__version__
    assert provenance["seed"] == 42


def test_it_says_what_it_does_and_writes_over_nothing(door: Door, tmp_path: Path) -> None:
    (tmp_path / "here" / "checkpoints").mkdir(parents=True)
    outcome = door("simple_train.py", *TONES, "hydra.run.dir=here")
    for words in (
        "80 records of 40 events",
        "Spectrogram -> (3, 33, 17)",
        "75,650 parameters",
        "report.html",
        "next:",
    ):
        assert words in outcome.out
    assert outcome.err == ""
    assert (tmp_path / "here_2" / "report.html").exists()
    assert not list((tmp_path / "here" / "checkpoints").iterdir())


def test_the_checkpoint_opens_with_plain_types_and_carries_its_config(trained: Path) -> None:
    content = torch.load(trained / "checkpoints" / "best.ckpt", weights_only=True)
    card = content["tremor"]
    assert card["config"]["dataset"]["batch_size"] == 8
    assert card["tree"]["loader"]["batch_size"] == "${dataset.batch_size}"
    assert card["facts"]["classes"] == ["high", "low"]


def test_the_same_seed_gives_the_same_numbers_to_the_last_bit(door: Door, tmp_path: Path) -> None:
    for name, *own in (("a", "seed=1"), ("b", "seed=1"), ("c", "seed=2", "callbacks.best=null")):
        outcome = door("simple_train.py", *TONES, "augment=waveform", f"output_dir={name}", *own)
        assert outcome.code == 0, outcome.err
        assert ("the last weights are judged" in outcome.out) == (name == "c")
    a, b, c = (only_run(tmp_path / name) for name in "abc")
    assert (a / "metrics.csv").read_text() == (b / "metrics.csv").read_text()
    assert same(weights(a), weights(b))
    assert not same(weights(a), weights(c))
    first, second = ((run / "provenance.json").read_text() for run in (a, b))
    assert first.replace("output_dir=a", "") == second.replace("output_dir=b", "")


@pytest.mark.slow
def test_a_killed_run_resumes_to_the_same_weights(door: Door, tmp_path: Path) -> None:
    """SIGKILL in the middle of the third epoch; augmentation and dropout are on."""
    settings = [*TONES, "augment=waveform", "trainer.max_epochs=4", "model.dropout=0.5"]
    assert door("simple_train.py", *settings, "output_dir=whole").code == 0
    bomb = "callbacks.bomb={_target_: worlds.Bomb, epoch: 2, batch: 3, kind: kill}"
    (killed,) = opened_by(1, tmp_path, "simple_train.py", *settings, bomb, "output_dir=killed")
    assert killed.code == -signal.SIGKILL, killed.said
    run = only_run(tmp_path / "killed")
    assert not (run / "summary.json").exists()
    outcome = door("simple_train.py", f"resume={run}", "callbacks.bomb=null")
    assert outcome.code == 0, outcome.err
    whole = only_run(tmp_path / "whole")
    for name in ("last", "best"):
        assert same(weights(run, name), weights(whole, name))
    assert (run / "metrics.csv").read_text() == (whole / "metrics.csv").read_text()
    assert (run / "evaluation" / "metrics.json").read_text() == (
        whole / "evaluation" / "metrics.json"
    ).read_text()


def test_a_resume_that_would_change_the_run_is_refused(door: Door, trained: Path) -> None:
    outcome = door("simple_train.py", f"resume={trained}", "optimizer.lr=1", "model.hidden_size=8")
    assert outcome.code == 2
    assert "optimizer.lr" in outcome.err
    assert "model.hidden_size" in outcome.err
    assert "changed  optimizer.lr" in outcome.out


def test_a_run_that_is_done_keeps_its_steps_when_it_is_resumed(door: Door, trained: Path) -> None:
    before = (trained / "summary.json").read_text()
    outcome = door("simple_train.py", f"resume={trained}")
    assert outcome.code == 0, outcome.err
    assert "nothing was left to train" in outcome.out
    assert (trained / "summary.json").read_text() == before


def test_a_resume_may_train_longer(door: Door, trained: Path) -> None:
    outcome = door("simple_train.py", f"resume={trained}", "trainer.max_epochs=3")
    assert outcome.code == 0, outcome.err
    metrics = pd.read_csv(trained / "metrics.csv")
    assert metrics.dropna(subset="val/loss")["epoch"].tolist() == [0, 1, 2]
    assert yaml.safe_load((trained / "config.yaml").read_text())["trainer"]["max_epochs"] == 3
    assert "trainer.max_epochs=3" in yaml.safe_load((trained / "overrides.yaml").read_text())


def test_a_broken_run_says_so_and_keeps_its_traceback(door: Door, tmp_path: Path) -> None:
    bomb = "callbacks.bomb={_target_: worlds.Bomb, epoch: 0, batch: 1, kind: raise}"
    outcome = door("simple_train.py", *TONES, bomb)
    assert outcome.code == 1
    assert "error: RuntimeError: boom" in outcome.err
    assert "Traceback" not in outcome.err
    assert "boom" in (only_run(tmp_path / "outputs") / "traceback.txt").read_text()


@pytest.mark.parametrize(("epoch", "said"), [(1, "resume="), (0, "no epoch was finished")])
def test_ctrl_c_ends_with_what_to_do_next(
    door: Door, tmp_path: Path, epoch: int, said: str
) -> None:
    bomb = f"callbacks.bomb={{_target_: worlds.Bomb, epoch: {epoch}, batch: 1, kind: interrupt}}"
    before = signal.getsignal(signal.SIGINT)
    outcome = door("simple_train.py", *TONES, bomb)
    signal.signal(signal.SIGINT, before)
    assert outcome.code == 130
    assert "error: stopped" in outcome.err
    assert said in outcome.err


def test_a_sweep_trains_every_job_and_names_the_one_that_fails(door: Door, tmp_path: Path) -> None:
    outcome = door("simple_train.py", "-m", *TONES, "model.num_layers=0,1")
    assert outcome.code == 1
    assert "model.num_layers is 0, must be at least 1" in outcome.out + outcome.err
    runs = sorted(path.parent for path in tmp_path.glob("outputs/**/summary.json"))
    assert [run.name for run in runs] == ["1"]


def test_a_diverged_network_is_told_not_judged(door: Door, tmp_path: Path) -> None:
    loud = ["optimizer.lr=1e25", "callbacks.early_stopping.check_finite=false"]
    outcome = door("simple_train.py", *TONES, *loud, "callbacks.best=null")
    assert outcome.code == 1
    assert "it has diverged" in outcome.err
    assert not (only_run(tmp_path / "outputs") / "evaluation").exists()


def test_the_last_checkpoint_is_of_the_last_epoch_though_the_best_came_before(
    door: Door, tmp_path: Path
) -> None:
    outcome = door("simple_train.py", *TONES, "optimizer.lr=0.0", "trainer.max_epochs=3")
    assert outcome.code == 0, outcome.err
    kept = only_run(tmp_path / "outputs") / "checkpoints"
    epochs = {
        name: torch.load(kept / f"{name}.ckpt", weights_only=True)["epoch"]
        for name in ("best", "last")
    }
    assert epochs == {"best": 0, "last": 2}
    assert sorted(path.name for path in kept.iterdir()) == ["best.ckpt", "last.ckpt"]
