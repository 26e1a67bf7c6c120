"""`callbacks=ema` at the training door, with a picture model in bfloat16."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from opened import ROOT, TONES, Door, only_run

from tremor.training import checkpoints
from tremor.training.assemble import restore

PICTURES = [
    *TONES,
    "encoder=spectrogram",
    "model=timm",
    "model.name=test_convnext",
    "model.resize=[32,32]",
    "decoder=pooled",
    "trainer.precision=bf16-mixed",
    "trainer.accelerator=cpu",
    "callbacks=ema",
]


def weights(run: Path, name: str) -> dict[str, torch.Tensor]:
    content = checkpoints.load(run / "checkpoints" / f"{name}.ckpt")
    return content["state_dict"] | {f"now {k}": v for k, v in content["ema"]["current"].items()}


def test_the_average_is_judged_and_opened(door: Door, tmp_path: Path) -> None:
    outcome = door("simple_train.py", *PICTURES, "model.attention=cbam")
    assert outcome.code == 0, outcome.err
    run = only_run(tmp_path / "outputs")
    assert json.loads((run / "summary.json").read_text())["judged"] == "best.ckpt"
    content = checkpoints.load(run / "checkpoints" / "best.ckpt")
    task = restore(content["tremor"]["config"], content)
    name = "network.model.net.stem.0.weight"
    average = content["state_dict"][name]
    assert torch.equal(task.state_dict()[name], average)
    assert not torch.equal(content["ema"]["current"][name], average)
    assert {w.dtype for w in content["state_dict"].values()} <= {torch.float32, torch.int64}
    outcome = door("evaluate.py", f"checkpoint={run}", "split=val")
    assert outcome.code == 0, outcome.err
    outcome = door("simple_train.py", f"resume={run}", "callbacks.ema=null")
    assert (outcome.code, "leave callbacks.ema as it was" in outcome.err) == (2, True)


@pytest.mark.slow
def test_a_killed_run_resumes_to_the_same_average(door: Door, tmp_path: Path) -> None:
    settings = [*PICTURES, "trainer.max_epochs=3", "model.drop_path_rate=0.2"]
    assert door("simple_train.py", *settings, "output_dir=whole").code == 0
    bomb = "callbacks.bomb={_target_: worlds.Bomb, epoch: 1, batch: 3, kind: kill}"
    command = [sys.executable, ROOT / "simple_train.py", *settings, bomb, "output_dir=killed"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests"), "OMP_NUM_THREADS": "1"}
    assert subprocess.run(command, env=environment).returncode == -signal.SIGKILL
    run, whole = only_run(tmp_path / "killed"), only_run(tmp_path / "whole")
    outcome = door("simple_train.py", f"resume={run}", "callbacks.bomb=null")
    assert outcome.code == 0, outcome.err
    for name in ("best", "last"):
        a, b = weights(run, name), weights(whole, name)
        assert a.keys() == b.keys()
        assert all(torch.equal(a[key], b[key]) for key in a)
    assert (run / "metrics.csv").read_text() == (whole / "metrics.csv").read_text()
