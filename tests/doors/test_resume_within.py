"""A run that stops within an epoch goes on behind the batches that it had at its checkpoint."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch
from opened import TONES, Door, only_run

from tremor.training import checkpoints

STEPS = ["callbacks.last.every_n_train_steps=2", "callbacks.last.every_n_epochs=null"]
SETTINGS = [*TONES, *STEPS, "augment=waveform", "model.dropout=0.5", "evaluation.permutations=9"]
SETTINGS += ["callbacks=ema", "trainer.val_check_interval=2"]


@pytest.mark.slow
def test_a_run_stopped_within_an_epoch_ends_as_one_that_was_not(door: Door, tmp_path: Path) -> None:
    """Augmentation, dropout, averaged weights; six batches an epoch, a checkpoint each second one.

    Workers read ahead in the resumed run, and in no other.
    """
    assert door("simple_train.py", *SETTINGS, "output_dir=whole").code == 0
    bomb = "callbacks.bomb={_target_: worlds.Bomb, epoch: 1, batch: 3, kind: raise}"
    assert door("simple_train.py", *SETTINGS, bomb, "output_dir=stopped").code == 1
    run, whole = (only_run(tmp_path / name) for name in ("stopped", "whole"))
    on = [f"resume={run}", "callbacks.bomb=null"]
    outcome = door("simple_train.py", *on, "trainer.devices=2", "trainer.strategy=ddp")
    assert outcome.code == 2
    assert "within epoch 1, of which 1 process had 2 batches each" in outcome.err
    outcome = door("simple_train.py", *on, "loader.num_workers=1")
    assert outcome.code == 0, outcome.err
    assert "last.ckpt, epoch 1 behind its first 2 batches" in outcome.out
    assert "a validation was due behind them" in outcome.out
    for name in ("last", "best"):
        ours, theirs = (checkpoints.load(at / f"checkpoints/{name}.ckpt") for at in (run, whole))
        assert all(torch.equal(w, ours["state_dict"][k]) for k, w in theirs["state_dict"].items())
        now, then = ours["ema"]["current"], theirs["ema"]["current"]
        assert all(torch.equal(weight, now[key]) for key, weight in then.items())
    ours, theirs = (
        pd.read_csv(at / "metrics.csv").filter(regex="^(?!train)") for at in (run, whole)
    )
    pd.testing.assert_frame_equal(ours, theirs)
    judged = [(at / "evaluation" / "metrics.json").read_text() for at in (run, whole)]
    assert judged[0] == judged[1]
