"""The station system by its commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from opened import Door, only_run

TYPED = [
    "experiment=stations/cnn",
    "dataset.source=synthetic",
    "dataset.n_events=30",
    "model.widths=[2,4]",
    "model.features=4",
    "trainer.max_epochs=1",
    "trainer.accelerator=cpu",
    "evaluation.draws=20",
    "evaluation.permutations=9",
]


def test_statistics_come_from_the_training_part_and_travel_with_the_weights(
    door: Door, tmp_path: Path
) -> None:
    outcome = door("simple_train.py", *TYPED, f"output_dir={tmp_path / 'a'}")
    assert outcome.code == 0, outcome.err
    run = only_run(tmp_path / "a")
    said = json.loads((run / "stats.json").read_text())
    state = torch.load(run / "checkpoints" / "best.ckpt", weights_only=True)["state_dict"]
    assert list(said["mean"]) == ["Z", "N", "E"]
    kept = state["network.encoder.standard.mean"].tolist()
    assert kept == pytest.approx(list(said["mean"].values()))
    assert max(map(abs, kept)) > 0.1
    again = door(
        "simple_train.py", *TYPED, f"output_dir={tmp_path / 'b'}", "dataset.test_ratio=0.4"
    )
    assert again.code == 0, again.err
    other = json.loads((only_run(tmp_path / "b") / "stats.json").read_text())
    assert other != said, "they come from the training part"
    taken = [f"encoder.pretrained={run}", f"model.pretrained={run}", "dataset.test_ratio=0.4"]
    onward = door("simple_train.py", *TYPED, *taken, f"output_dir={tmp_path / 'c'}")
    assert onward.code == 0, onward.err
    assert json.loads((only_run(tmp_path / "c") / "stats.json").read_text()) == said


def test_a_station_that_is_not_there_is_refused_before_anything_is_made(
    door: Door, tmp_path: Path
) -> None:
    outcome = door("simple_train.py", "experiment=stations/cnn", f"dataset.data_dir={tmp_path}")
    assert outcome.code == 2
    assert "no station here" in outcome.err
    assert "dataset.source=synthetic" in outcome.err


def test_a_split_by_record_is_refused_or_marked(door: Door, tmp_path: Path) -> None:
    leaky = [*TYPED, "dataset.event_split_method=by_record", f"output_dir={tmp_path}"]
    refused = door("simple_train.py", *leaky)
    assert refused.code == 1
    assert "the split leaks: no event on two sides" in refused.err
    assert "dataset.allow_leak=true" in refused.err
    allowed = door("simple_train.py", *leaky, "dataset.allow_leak=true")
    assert allowed.code == 0, allowed.err
    run = only_run(tmp_path)
    verdict = json.loads((run / "evaluation" / "metrics.json").read_text())
    assert verdict["verdict"][0].startswith("THE SPLIT LEAKS")
    assert "THE SPLIT LEAKS" in (run / "report.html").read_text()
    again = door("evaluate.py", f"checkpoint={run}", "split=val")
    assert "THE SPLIT LEAKS" in again.out
