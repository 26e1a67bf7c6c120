"""`dry_run=true`: all is built and measured, all is said, and nothing is left behind."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from opened import ROOT, TONES, Door
from torch import nn

from tremor.doors.amounts import in_bytes, in_time
from tremor.doors.dry_run import Plan
from tremor.doors.dry_sweep import kept_apart, table
from tremor.errors import Refused
from tremor.training.measured import Meter

TRAIN = ROOT / "configs" / "train.yaml"
TRAINER: dict[str, Any] = {
    "devices": 1,
    "num_nodes": 1,
    "fast_dev_run": False,
    "overfit_batches": 0.0,
    "limit_train_batches": 1.0,
    "limit_val_batches": 1.0,
    "accumulate_grad_batches": 1,
    "max_epochs": 5,
    "max_steps": -1,
    "check_val_every_n_epoch": 1,
    "val_check_interval": 1.0,
}


def plan(**settings: Any) -> Plan:
    loaders = {"train_dataloader": lambda: range(40), "val_dataloader": lambda: range(7)}
    return Plan.of(TRAINER | settings, SimpleNamespace(**loaders))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "steps", "epochs"),
    [
        ({}, 200, 5),
        ({"accumulate_grad_batches": 3}, 70, 5),
        ({"devices": 4}, 50, 5),
        ({"devices": "2", "num_nodes": 2}, 50, 5),
        ({"limit_train_batches": 0.25}, 50, 5),
        ({"limit_train_batches": 3}, 15, 5),
        ({"max_steps": 60}, 60, 1.5),
        ({"fast_dev_run": 2}, 2, 1),
        ({"max_epochs": None}, math.inf, math.inf),
        ({"overfit_batches": 2}, 10, 5),
    ],
)
def test_steps_are_those_of_the_run(settings: dict[str, Any], steps: float, epochs: float) -> None:
    made = plan(**settings)
    assert (made.steps, made.epochs) == (steps, epochs)


def test_validations_are_counted() -> None:
    assert plan(check_val_every_n_epoch=5).validations == 1
    assert plan(val_check_interval=0.25).validations == 20
    assert plan(val_check_interval=20).validations == 10


def test_activations_are_what_the_backward_pass_keeps() -> None:
    """Of `linear -> relu -> linear -> sum`: the input, what the ReLU gives, and no weights."""
    network = nn.Sequential(nn.Linear(10, 20), nn.ReLU(), nn.Linear(20, 5))
    meter, batch = Meter(), SimpleNamespace(x=torch.randn(8, 10))
    trainer: Any = SimpleNamespace(optimizers=[], should_stop=False)
    meter.on_train_start(trainer, network)
    meter.on_train_epoch_start(trainer, network)
    meter.on_train_batch_start(trainer, network, batch, 0)  # type: ignore[arg-type]
    network(batch.x).sum().backward()
    meter.on_train_batch_end(trainer, network)
    assert sum(meter.saved.values()) == 4 * (8 * 10 + 8 * 20)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        (in_bytes(0), "0 B"),
        (in_bytes(56_400_000), "56.4 MB"),
        (in_bytes(999.7), "1 kB"),
        (in_bytes(3e15), "3e+03 TB"),
        (in_time(0.0123), "12.3 ms"),
        (in_time(3.36), "3.36 s"),
        (in_time(480), "8 min"),
        (in_time(7500), "2 h 5 min"),
        (in_time(274_000), "3 d 4 h"),
    ],
)
def test_amounts_as_one_says_them(said: str, meant: str) -> None:
    assert said == meant


def test_a_dry_run_says_what_a_run_would_take_and_leaves_no_folder(
    door: Door, tmp_path: Path
) -> None:
    outcome = door("simple_train.py", *TONES, "dry_run=true", "trainer.max_epochs=3")
    assert outcome.code == 0, outcome.err
    for words in (
        "trainer.max_epochs        8 -> 3",
        "model    LSTM -> (64, ",
        "activations",
        "6 an epoch (48 records in batches of 8); 3 epochs, 18 steps in all, or fewer where",
        " a batch on ",
        "2 checkpoints, ",
        "folder   outputs/quickstart/",
        "nothing was trained",
    ):
        assert words in outcome.out, outcome.out
    assert not (tmp_path / "outputs").exists()


def test_a_sweep_of_them_is_kept_apart_and_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ["-m", "seed=1,2", "++dry_run=true", "++output_dir=here"]
    with kept_apart(words, TRAIN) as arguments:
        (scratch,) = (tmp_path / "here").iterdir()
        assert arguments[-2:] == ["hydra/sweeper=basic", f"hydra.sweep.dir='{scratch}'"]
        for job in (1, 0):
            (scratch / str(job)).mkdir()
            note = f'{{"job": {job}, "overrides": ["a=1", "seed={job}"], "steps": 5,'
            note += ' "seconds": 3.0, "memory": 2000000}'
            (scratch / str(job) / "dry_run.json").write_text(note)
    told = capsys.readouterr().out.split("\n")
    assert told[2].split() == ["0", "seed=0", "5", "3", "s", "2", "MB"]
    assert told[4].startswith("2 jobs would train for 6 s")
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_sweep_of_rehearsals_stays(tmp_path: Path) -> None:
    for words in (["-m", "seed=1,2"], ["dry_run=true"], ["-m", "dry_run=false"]):
        with kept_apart(words, TRAIN) as arguments:
            assert arguments == words


def test_a_search_cannot_be_rehearsed(tmp_path: Path) -> None:
    with (
        pytest.raises(Refused, match="only a grid"),
        kept_apart(["-m", "dry_run=true", "hydra/sweeper=optuna"], TRAIN),
    ):
        pass


def test_a_job_without_end_is_in_the_table() -> None:
    note = {"job": 0, "overrides": ["a=1"], "steps": None, "seconds": None, "memory": 10}
    assert "no end" in table([note])


def test_the_other_doors_have_none(door: Door) -> None:
    outcome = door("evaluate.py", "checkpoint=nowhere", "dry_run=true")
    assert outcome.code == 2
    assert "dry_run: is of simple_train.py alone" in outcome.err
