"""The Norcia system by its commands: every knob has the effect that its name promises."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from opened import ROOT, Door, Outcome, finished, only_run

SMALL = [
    "dataset.sources.synthetic.world.duration=8",
    "encoder.d_model=8",
    "encoder.width=8",
    "model.d_model=8",
    "model.pool=[4]",
    "trainer.accelerator=cpu",
    "trainer.log_every_n_steps=1",
    "trainer.max_epochs=1",
    "evaluation.draws=50",
    "evaluation.permutations=20",
]
EVENTS = ["dataset.n_pre=80", "dataset.n_visso=20", "dataset.n_post=80"]
TINY = ["experiment=fore_aftershock/finetune_xlstm_unet_tiny", *SMALL, *EVENTS]
WORLD = "dataset.records.world"
PRETRAIN = [
    "experiment=contrastive/xlstm_unet_tiny",
    *SMALL[1:],
    *(f"{WORLD}.{k}" for k in ("duration=8", "n_pre=20", "n_visso=4", "n_post=20")),
    "dataset.batch_size=8",
    "task.negatives=10",
]


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a small contrastive pretraining."""
    said = io.StringIO()
    with redirect_stdout(said):
        home = finished(tmp_path_factory.mktemp("pretrained"), ["simple_train.py", *PRETRAIN])
    onward = "finetune_xlstm_unet_tiny encoder=conv_patch_tiny model=xlstm_unet_tiny"
    assert f"{onward} model.pretrained=" in said.getvalue()
    return only_run(home / "outputs")


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a small training from random weights."""
    said = io.StringIO()
    with redirect_stdout(said):
        home = finished(tmp_path_factory.mktemp("usual"), ["simple_train.py", *TINY])
    assert "mlstm    chunkwise\n" in said.getvalue()
    return only_run(home / "outputs")


def weights(run: Path, part: str, name: str = "best.ckpt") -> dict[str, torch.Tensor]:
    state = torch.load(run / "checkpoints" / name, weights_only=True)["state_dict"]
    return {k: v for k, v in state.items() if k.startswith(f"network.{part}.")}


def states(run: Path, name: str = "last.ckpt") -> Any:
    content = torch.load(run / "checkpoints" / name, weights_only=True)
    return content["optimizer_states"][0]


def ran(door: Door, folder: Path, *overrides: str) -> Path:
    outcome = door("simple_train.py", *TINY, *overrides, f"output_dir={folder}")
    assert outcome.code == 0, outcome.err
    return only_run(folder)


def refused(door: Door, *overrides: str) -> str:
    outcome: Outcome = door("simple_train.py", *TINY, *overrides)
    assert outcome.code == 2, outcome.out + outcome.err
    assert not list(Path().glob("cache/records/*")), "data were read before the refusal"
    return outcome.err


def test_pretraining_leaves_a_verdict_and_a_page(pretrained: Path) -> None:
    verdict = json.loads((pretrained / "evaluation" / "metrics.json").read_text())
    accuracy = verdict["metrics"]["accuracy"]
    assert 0 < accuracy["chance"] < 1
    assert "codebook" in verdict
    assert (pretrained / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("place", ["", "checkpoints/best.ckpt"])
def test_frozen_weights_are_the_pretrained_ones_key_by_key(
    door: Door, tmp_path: Path, pretrained: Path, place: str
) -> None:
    frozen = ["encoder.freeze=True", "model.freeze=True"]
    run = ran(door, tmp_path / "a", f"model.pretrained={pretrained / place}", *frozen)
    for part in ("encoder", "model"):
        before, after = weights(pretrained, part), weights(run, part)
        assert before.keys() == after.keys()
        assert all(torch.equal(before[name], after[name]) for name in before)
    held = {group["name"].split("/")[0] for group in states(run)["param_groups"]}
    assert held == {"decoder"}


def test_the_way_of_the_memories_is_said_kept_and_changes_no_result(
    door: Door, tmp_path: Path, usual: Path
) -> None:
    outcome = door("simple_train.py", *TINY, "model.mlstm_backend=recurrent")
    assert "mlstm    recurrent\n" in outcome.out
    other = only_run(tmp_path / "outputs")
    for run, took in ((usual, "chunkwise"), (other, "recurrent")):
        provenance = json.loads((run / "provenance.json").read_text())
        assert provenance["mlstm_backend"] == took
    again = door("evaluate.py", f"checkpoint={usual}", "model.mlstm_backend=recurrent", "split=val")
    assert again.code == 0, again.err
    by_one, by_other = (weights(run, "model") for run in (usual, other))
    for name, weight in by_one.items():
        torch.testing.assert_close(by_other[name], weight, rtol=1e-2, atol=1e-4)


def test_half_precision_trains_through_the_door(door: Door, tmp_path: Path) -> None:
    run = ran(door, tmp_path, "trainer.precision=bf16-mixed")
    assert all(w.dtype == torch.float32 for w in weights(run, "model").values())
    rows = pd.read_csv(run / "metrics.csv")
    assert rows["train/loss"].dropna().between(0, 10).all()


def test_unfrozen_weights_start_from_the_pretrained_ones_and_move(
    door: Door, tmp_path: Path, pretrained: Path, usual: Path
) -> None:
    given = [f"model.pretrained={pretrained}", "optimizer.lr=1e-6"]
    run = ran(door, tmp_path / "a", *given)
    start = weights(pretrained, "model")
    near, far = (
        sum(float((weights(r, "model")[n] - w).square().sum()) for n, w in start.items())
        for r in (run, usual)
    )
    assert 0 < near < 1e-3 * far


def test_thawing_is_at_its_epoch_at_its_rate(door: Door, tmp_path: Path, pretrained: Path) -> None:
    given = [f"model.pretrained={pretrained}", "encoder.freeze=True", "model.freeze=True"]
    thaw = ["train.unfreeze_at_epoch=1", "train.unfrozen_lr_mult=0.1", "trainer.max_epochs=2"]
    each = ["callbacks.last.filename='after_{epoch}'", "callbacks.last.save_top_k=-1"]
    run = ran(door, tmp_path / "out", *given, *thaw, *each)
    start = weights(pretrained, "model")
    frozen, thawed = (weights(run, "model", f"after_{epoch}.ckpt") for epoch in (0, 1))
    assert all(torch.equal(weight, frozen[name]) for name, weight in start.items())
    assert not any(torch.equal(weight, thawed[name]) for name, weight in start.items())
    rates = {
        group["name"]: group["initial_lr"] for group in states(run, "after_1.ckpt")["param_groups"]
    }
    assert rates["model/decay"] == pytest.approx(0.1 * rates["decoder/decay"])


def test_the_pull_keeps_weights_near_the_pretrained_ones(
    door: Door, tmp_path: Path, pretrained: Path
) -> None:
    given = [f"model.pretrained={pretrained}", "optimizer.lr=1e-2"]
    start = weights(pretrained, "model")
    away = []
    for name, pull in (("a", 0.0), ("b", 10.0)):
        run = ran(door, tmp_path / name, *given, f"train.l2_to_pretrained={pull}")
        away.append(
            sum(float((weights(run, "model")[n] - w).square().sum()) for n, w in start.items())
        )
    assert away[1] < 0.8 * away[0]


def test_few_labels_are_tested_on_the_same_events(door: Door, tmp_path: Path) -> None:
    parts = {}
    for frac in (0.14, 0.7):
        run = ran(door, tmp_path / str(frac), f"dataset.train_frac={frac}", "trainer.max_epochs=1")
        parts[frac] = pd.read_csv(run / "split.csv").set_index("record_id")["split"]
    few, all_of_them = parts[0.14], parts[0.7]
    assert ((few == "test") == (all_of_them == "test")).all()
    assert (few == "train").sum() == 9 * 3
    assert (all_of_them[few == "train"] == "train").all()


@pytest.mark.parametrize("classes", [2, 8])
def test_setting_the_number_of_classes_once_is_enough(
    door: Door, tmp_path: Path, classes: int
) -> None:
    run = ran(door, tmp_path / "a", f"dataset.num_classes={classes}")
    verdict = json.loads((run / "evaluation" / "metrics.json").read_text())
    assert len(verdict["classes"]) == classes
    assert ("ordinal" in verdict) == (classes > 2)
    limits = json.loads((run / "classes.json").read_text())
    assert [row["class"] for row in limits] == verdict["classes"]


def test_many_knobs_at_once(door: Door, tmp_path: Path) -> None:
    run = ran(
        door,
        tmp_path / "a",
        "dataset.num_classes=4",
        "decoder.num_classes=4",
        "dataset.batch_size=8",
        "loader.batch_size=8",
        "dataset.amp_norm_type=peak",
        "model.gradient_checkpointing=True",
        "model.n_layers=2",
        "scheduler.warmup_fraction=0.5",
        "decoder.dropout=0.3",
        "model.dropout=0.2",
        "train.label_smoothing=0.1",
        "trainer.limit_train_batches=0.9",
        "augment=spec_mask",
    )
    rates = pd.read_csv(run / "metrics.csv")["lr"].dropna().to_numpy()
    peak = int(rates.argmax())
    assert 0 < peak < len(rates) - 1
    assert rates[0] == pytest.approx(rates[peak] / (peak + 1), rel=0.01)
    card = torch.load(run / "checkpoints" / "best.ckpt", weights_only=True)["tremor"]
    assert card["config"]["task"]["label_smoothing"] == 0.1
    assert len(pd.read_csv(run / "metrics.csv")["loss"].dropna()) == int(0.9 * (4 * 28 // 8))


def test_the_controls_see_what_they_are_to_see(door: Door, tmp_path: Path, usual: Path) -> None:
    noise = ran(door, tmp_path / "a", "dataset.keep=noise")
    card = torch.load(noise / "checkpoints" / "best.ckpt", weights_only=True)["tremor"]
    assert 350 <= card["facts"]["length"] <= 450
    dealt = ran(door, tmp_path / "b", "dataset.shuffle_labels=true")
    labels = [
        pd.read_csv(run / "split.csv").set_index("record_id")["label"] for run in (usual, dealt)
    ]
    assert not labels[0].equals(labels[1])


def test_what_cannot_work_is_refused_before_data_are_read(door: Door, pretrained: Path) -> None:
    assert "no checkpoint" in refused(door, "model.pretrained=nowhere")
    said = refused(door, f"model.pretrained={pretrained}", "model.d_model=16")
    assert "shape of" in said
    assert "network has" in said
    assert "random weights" in refused(door, "model.freeze=true")
    assert "num_classes" in refused(door, "dataset.num_classes=4", "decoder.num_classes=8")
    assert "none are given" in refused(door, "train.l2_to_pretrained=0.01")
    assert "does not fit the task" in refused(door, "task=contrastive", "train=pretrain")
    assert "dataset.source" in refused(door, "dataset.source=flies")


@pytest.mark.parametrize(
    ("name", "metric"), [("xlstm_unet", "accuracy"), ("masked_reconstruction", "explained")]
)
def test_pretraining_on_real_folders(
    door: Door, tmp_path: Path, shared_data: Path, name: str, metric: str
) -> None:
    paths = f"dataset.paths=[{shared_data / 'seisbench_format' / 'dummydataset'}]"
    small = [
        "dataset.duration=8",
        "dataset.test_ratio=0.2",
        "dataset.batch_size=16",
        "trainer.max_epochs=1",
        *SMALL[1:],
    ]
    outcome = door("simple_train.py", f"experiment=contrastive/{name}", paths, *small)
    assert outcome.code == 0, outcome.err
    run = only_run(tmp_path / "outputs")
    found = json.loads((run / "evaluation" / "metrics.json").read_text())["metrics"][metric]
    assert found["lo"] < found["value"] < found["hi"]


def test_a_pull_on_what_stays_frozen_is_refused(door: Door, pretrained: Path) -> None:
    frozen = [f"model.pretrained={pretrained}", "encoder.freeze=True", "model.freeze=True"]
    assert "pulls nothing" in refused(door, *frozen, "train.l2_to_pretrained=0.01")


def test_missing_files_are_told_with_the_way_out(door: Door) -> None:
    outcome = door("simple_train.py", "experiment=fore_aftershock/finetune_xlstm_unet")
    assert outcome.code == 2
    for word in ("dataframe_pre_NRCA.csv", "zenodo", "dataset.source=synthetic"):
        assert word in outcome.err


@pytest.mark.slow
def test_torchrun_trains_one_run_and_judges_each_record_once(tmp_path: Path) -> None:
    two = ["trainer.devices=2", "trainer.strategy=ddp", "dataset.num_classes=2"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    command = [*torchrun, str(ROOT / "simple_train.py"), *TINY, *two]
    paths = [f"cache_dir={tmp_path / 'cache'}", f"output_dir={tmp_path / 'out'}"]
    done = subprocess.run([*command, *paths], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    run = only_run(tmp_path / "out")
    judged = pd.read_csv(run / "evaluation" / "predictions.csv")
    split = pd.read_csv(run / "split.csv")
    assert sorted(judged["record_id"]) == sorted(split.loc[split["split"] == "test", "record_id"])
    steps = json.loads((run / "summary.json").read_text())["steps"]
    assert steps == (split["split"] == "train").sum() // 2 // 16
    assert "sync_dist" not in done.stderr


def test_a_share_of_batches_that_would_be_none_becomes_one(door: Door, tmp_path: Path) -> None:
    few = ["trainer.limit_train_batches=0.1", "trainer.limit_val_batches=0.1"]
    outcome = door("simple_train.py", *TINY, *few, f"output_dir={tmp_path}")
    assert outcome.code == 0, outcome.err
    assert "one is taken" in outcome.out
    assert json.loads((only_run(tmp_path) / "summary.json").read_text())["steps"] == 1


def test_another_launcher_is_refused_with_the_way_that_works(tmp_path: Path) -> None:
    """In a process of its own: Lightning keeps which one of several it is."""
    given = {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1"}
    command = [sys.executable, str(ROOT / "simple_train.py"), *TINY, "trainer.devices=2"]
    env = os.environ | given | {"MASTER_PORT": "29999", "TREMOR_CACHE_DIR": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 2
    assert "start one process: it starts the others" in done.stderr
