"""Several processes, one run: the numbers of one process, every record once, one folder."""

from __future__ import annotations

import filecmp
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import torch
from opened import TONES, Door, finished, only_run
from ranks import Rank, opened_by

from tremor.doors import processes
from tremor.report.files import read_json
from tremor.training import checkpoints

THAW = ["model.freeze=true", "train.unfreeze_at_epoch=1", "train.unfrozen_lr_mult=0.5"]
PLAIN = [*TONES, *THAW, "model.dropout=0.0", "decoder.dropout=0.0"]
CPU = "trainer.accelerator=cpu"
TWO = ["trainer.devices=2", "trainer.strategy=ddp", CPU]
FORKED = ["trainer.devices=2", "trainer.strategy=ddp_fork", CPU]


@pytest.fixture(scope="module")
def plain(trained_once: Path) -> list[str]:
    """Nothing is drawn at random but the order; what was learned before thaws on the way."""
    return [*PLAIN, f"model.pretrained={trained_once}"]


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory, plain: list[str], trained_once: Path) -> Path:
    """The folder of such a run by one process."""
    home = finished(tmp_path_factory.mktemp("one"), ["simple_train.py", *plain])
    run = only_run(home)
    old, new = (
        checkpoints.part_weights(checkpoints.load(r / "checkpoints" / name), "model")
        for r, name in ((trained_once, "best.ckpt"), (run, "last.ckpt"))
    )
    assert not any(torch.equal(new[name], weight) for name, weight in old.items())
    return run


def same_run(run: Path, one: Path) -> None:
    """The same weights, validation and steps up to the order of sums."""
    ours, theirs = (
        checkpoints.load(r / "checkpoints" / "last.ckpt")["state_dict"] for r in (run, one)
    )
    assert ours.keys() == theirs.keys()
    for name, weight in theirs.items():
        torch.testing.assert_close(ours[name], weight, rtol=0, atol=1e-5, msg=name)
    curves = [pd.read_csv(r / "metrics.csv")["val/loss"].dropna().to_numpy() for r in (run, one)]
    np.testing.assert_allclose(*curves, rtol=0, atol=1e-5)
    steps = [read_json(r / "summary.json", "train again")["steps"] for r in (run, one)]
    assert steps[0] == steps[1]


def ended(ranks: list[Rank]) -> None:
    assert [rank.code for rank in ranks] == [0] * len(ranks), [rank.said for rank in ranks]


@pytest.mark.slow
def test_two_tasks_of_slurm_are_one_process(tmp_path: Path, one: Path, plain: list[str]) -> None:
    ranks = opened_by(2, tmp_path, "simple_train.py", *plain, "dataset.batch_size=4", *TWO)
    ended(ranks)
    assert "batch    4 records x 2 devices = 8 a step" in ranks[0].said
    assert ranks[1].said == ""
    run = only_run(tmp_path / "outputs")
    same_run(run, one)
    split = pd.read_csv(run / "split.csv").query("split == 'test'")
    judged = pd.read_csv(run / "evaluation" / "predictions.csv")
    assert judged["record_id"].tolist() == split["record_id"].tolist()


@pytest.mark.slow
def test_several_devices_in_a_sweep(tmp_path: Path, one: Path, plain: list[str]) -> None:
    words = [*plain, "dataset.batch_size=4", *FORKED, "-m", "seed=42"]
    ended(opened_by(1, tmp_path, "simple_train.py", *words))
    same_run(only_run(tmp_path / "outputs"), one)


@pytest.mark.slow
def test_accumulated_batches_are_one(
    door: Door, tmp_path: Path, one: Path, plain: list[str]
) -> None:
    twice = ["dataset.batch_size=4", "trainer.accumulate_grad_batches=2"]
    outcome = door("simple_train.py", *plain, *twice)
    assert "batch    4 records x 2 batches accumulated = 8 a step" in outcome.out
    same_run(only_run(tmp_path / "outputs"), one)


@pytest.mark.slow
def test_records_are_judged_once_whoever_judges(
    door: Door, trained: Path, trained_once: Path, tmp_path: Path
) -> None:
    kept = shutil.copytree(trained, tmp_path / "two" / trained.name)
    shutil.copytree(trained_once.parents[2] / "cache", tmp_path / "cache", dirs_exist_ok=True)
    ended(opened_by(2, tmp_path, "evaluate.py", f"checkpoint={kept}", *TWO))
    assert door("evaluate.py", f"checkpoint={trained}", CPU).code == 0
    (theirs,) = trained.glob("evaluation/test-*")
    (ours,) = kept.glob("evaluation/test-*")
    assert ours.name == theirs.name
    for name in ("predictions.csv", "metrics.json"):
        assert filecmp.cmp(ours / name, theirs / name, shallow=False), name


MAPS = ["explainer=occlusion", "explainer.space=signal", "max_per_class=3"]
MAPS += ["audit=false", "figures=false"]


@pytest.mark.slow
def test_records_are_explained_once_whoever_explains(
    door: Door, trained: Path, trained_once: Path, tmp_path: Path
) -> None:
    kept = shutil.copytree(trained, tmp_path / "two" / trained.name)
    shutil.copytree(trained_once.parents[2] / "cache", tmp_path / "cache", dirs_exist_ok=True)
    ranks = opened_by(2, tmp_path, "explain.py", f"checkpoint={kept}", *MAPS, *TWO)
    ended(ranks)
    assert "done     6 records" in ranks[0].said
    assert door("explain.py", f"checkpoint={trained}", *MAPS, CPU).code == 0
    ours, theirs = (next(run.glob("explanations/*/explanation.h5")) for run in (kept, trained))
    assert ours.parent.name == theirs.parent.name
    assert not (ours.parent / "parts").exists()
    with h5py.File(ours) as a, h5py.File(theirs) as b:
        assert (a["table/record_id"][:] == b["table/record_id"][:]).all()
        np.testing.assert_array_equal(a["values"][:], b["values"][:])


@pytest.mark.slow
def test_a_fault_of_one_process_is_told_by_the_first(tmp_path: Path) -> None:
    bomb = "callbacks.bomb={_target_: worlds.Bomb, epoch: 1, batch: 2, kind: raise, rank: 1}"
    first, second = opened_by(2, tmp_path, "simple_train.py", *TONES, *TWO, bomb)
    assert (first.code, second.code) == (1, 1)
    assert "error: process 1 failed: RuntimeError: boom" in first.said
    assert "rank1_traceback.txt" in first.said
    run = only_run(tmp_path / "outputs")
    assert "boom" in (run / "rank1_traceback.txt").read_text()


def test_as_many_devices_as_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    started: Any = SimpleNamespace(world_size=lambda: 4)
    monkeypatch.setattr(processes.meeting, "launcher", lambda: started)
    processes.refuse_other_count(2, 2)
    with pytest.raises(processes.Refused, match="4 processes were started"):
        processes.refuse_other_count(1, 1)
    monkeypatch.setattr(processes.meeting, "launcher", lambda: None)
    processes.refuse_other_count(4, 1)
    with pytest.raises(processes.Refused, match="nothing starts processes there"):
        processes.refuse_other_count(1, 2)


@pytest.mark.parametrize(
    ("devices", "nodes", "accumulated", "said"),
    [
        (1, 1, 1, "8 records a step"),
        (4, 1, 1, "8 records x 4 devices = 32 a step"),
        (4, 2, 3, "8 records x 4 devices x 2 machines x 3 batches accumulated = 192 a step"),
    ],
)
def test_how_many_records_a_step_sees(
    devices: int, nodes: int, accumulated: int, said: str
) -> None:
    counts = {"num_devices": devices, "num_nodes": nodes, "accumulate_grad_batches": accumulated}
    trainer: Any = SimpleNamespace(**counts)
    assert processes.batch_line(trainer, 8) == said
