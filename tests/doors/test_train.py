"""The training door as a user opens it: what it leaves, what it repeats, what it survives."""

from __future__ import annotations

import json
import os
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
import yaml
from opened import ROOT, TONES, Door, only_run

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


def test_it_says_what_it_does_and_what_to_try_next(door: Door) -> None:
    outcome = door("simple_train.py", *TONES)
    for words in (
        "80 records of 40 events",
        "Spectrogram -> (3, 33, 17)",
        "75,650 parameters",
        "report.html",
        "next:",
    ):
        assert words in outcome.out
    assert outcome.err == ""


def test_the_checkpoint_opens_with_plain_types_and_carries_its_config(trained: Path) -> None:
    content = torch.load(trained / "checkpoints" / "best.ckpt", weights_only=True)
    card = content["tremor"]
    assert card["config"]["dataset"]["batch_size"] == 8
    assert card["tree"]["loader"]["batch_size"] == "${dataset.batch_size}"
    assert card["facts"]["classes"] == ["high", "low"]


def test_the_same_seed_gives_the_same_numbers_to_the_last_bit(door: Door, tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        extra = ["augment=waveform", f"output_dir={name}", f"seed={seed}"]
        assert door("simple_train.py", *TONES, *extra).code == 0
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
    command = [sys.executable, ROOT / "simple_train.py", *settings, bomb, "output_dir=killed"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests"), "OMP_NUM_THREADS": "1"}
    assert subprocess.run(command, env=environment).returncode == -signal.SIGKILL
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


def test_a_run_folder_is_never_written_over(door: Door, tmp_path: Path) -> None:
    for _ in range(2):
        assert door("simple_train.py", *TONES, "hydra.run.dir=here").code == 0
    assert (tmp_path / "here" / "report.html").exists()
    assert (tmp_path / "here_2" / "report.html").exists()


def test_a_sweep_trains_every_job_and_names_the_one_that_fails(door: Door, tmp_path: Path) -> None:
    outcome = door(
        "simple_train.py", "-m", *TONES, "model.hidden_size=8,16", "model.num_layers=1,0"
    )
    assert outcome.code == 2
    assert "model.num_layers is 0, must be at least 1" in outcome.out + outcome.err
    runs = sorted(path.parent for path in tmp_path.glob("outputs/**/summary.json"))
    assert [run.name for run in runs] == ["0", "2"]


def wandb_records(run: Path) -> Iterator[Any]:
    """What an offline W&B run wrote down."""
    from wandb.proto import wandb_internal_pb2

    (file,) = run.glob("wandb/offline-run-*/*.wandb")
    data, place, whole = file.read_bytes(), 7, b""
    while place + 7 <= len(data):  # LevelDB's log: blocks of 32 KiB, records in fragments
        if 32768 - place % 32768 < 7:
            place += 32768 - place % 32768
            continue
        size, kind = struct.unpack("<HB", data[place + 4 : place + 7])
        whole += data[place + 7 : place + 7 + size]
        place += 7 + size
        if kind in (1, 4):  # a whole record, or the last fragment of one
            record = wandb_internal_pb2.Record()
            record.ParseFromString(whole)
            yield record
            whole = b""


def ended_records(run: Path) -> list[Any]:
    """The records once the last one is there: W&B's own process may still be writing."""
    for _ in range(100):
        records = list(wandb_records(run))
        if any(record.HasField("exit") for record in records):
            return records
        time.sleep(0.2)
    raise TimeoutError("the W&B run never ended")


@pytest.mark.parametrize(("kind", "code"), [("none", 0), ("raise", 1)])
def test_wandb_runs_carry_config_tags_and_their_true_end(
    door: Door, tmp_path: Path, kind: str, code: int
) -> None:
    bomb = "callbacks.bomb={_target_: worlds.Bomb, epoch: 0, batch: 1, kind: raise}"
    extra = [bomb] if kind == "raise" else []
    assert door("simple_train.py", *TONES, "logger=wandb", *extra).code == code
    records = ended_records(only_run(tmp_path / "outputs"))
    runs = [r.run for r in records if r.HasField("run")]
    assert {"num_classes_2", "train_frac_0.6", "model_lstm"} <= set(runs[-1].tags)
    assert any("batch_size" in u.value_json for r in runs for u in r.config.update)
    assert [r.exit.exit_code for r in records if r.HasField("exit")] == [code]
    if not code:
        keys = {"/".join(i.nested_key) or i.key for r in records for i in r.history.item}
        assert {"test/accuracy", "val/loss", "confusion"} <= {key.split("/_")[0] for key in keys}


def test_tensorboard_gets_metrics_and_figures(door: Door, tmp_path: Path) -> None:
    outcome = door("simple_train.py", *TONES, "logger=tensorboard")
    assert outcome.code == 0, outcome.err
    run = only_run(tmp_path / "outputs")
    assert (run / "metrics.csv").exists()
    written = b"".join(events.read_bytes() for events in run.glob("tensorboard/events.*"))
    assert all(name in written for name in (b"confusion", b"val/loss", b"test/accuracy"))


def test_a_diverged_network_is_told_not_judged(door: Door, tmp_path: Path) -> None:
    loud = ["optimizer.lr=1e25", "callbacks.early_stopping.check_finite=false"]
    outcome = door("simple_train.py", *TONES, *loud, "callbacks.best=null")
    assert outcome.code == 1
    assert "it has diverged" in outcome.err
    assert not (only_run(tmp_path / "outputs") / "evaluation").exists()


def test_a_callback_can_be_switched_off(door: Door, tmp_path: Path) -> None:
    outcome = door("simple_train.py", *TONES, "callbacks.best=null")
    assert outcome.code == 0, outcome.err
    assert "the last weights are judged" in outcome.out


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
