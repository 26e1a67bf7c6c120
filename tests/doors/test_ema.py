"""`callbacks=ema` at the training door, with a picture model in bfloat16."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from opened import TONES, Door, only_run

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
