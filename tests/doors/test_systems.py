"""Whole systems at their defaults: what is there is found, and what is not there is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from opened import Door, load_script, only_run

QUICK = ["evaluation.draws=500", "evaluation.permutations=99"]


def balanced_accuracy(folder: Path) -> dict[str, float]:
    said = json.loads((only_run(folder) / "evaluation" / "metrics.json").read_text())
    return dict(said["metrics"]["balanced_accuracy"])


@pytest.mark.slow
def test_without_evidence_a_trained_model_stays_at_chance(door: Door, tmp_path: Path) -> None:
    settings = ["dataset.effect_size=0", "trainer.max_epochs=5", *QUICK]
    outcome = door("simple_train.py", *settings)
    assert outcome.code == 0, outcome.err
    found = balanced_accuracy(tmp_path / "outputs")
    assert found["lo"] <= 0.5 <= found["hi"]
    assert "NOT above chance" in outcome.out


@pytest.mark.slow
@pytest.mark.parametrize("model", ["lstm", "lstm_attention"])
@pytest.mark.parametrize("encoder", ["spectrogram", "raw"])
def test_models_take_other_encoders_by_override(
    door: Door, tmp_path: Path, model: str, encoder: str
) -> None:
    script = load_script("make_synthetic")
    out = str(tmp_path / "events.pkl")
    assert script.main(["waveform_pickle", out, "--n-events", "40", "--duration", "8"]) == 0
    settings = [f"dataset.paths=[{out}]", f"encoder={encoder}", "trainer.max_epochs=1", *QUICK]
    outcome = door("simple_train.py", f"experiment=seismic_lstm/{model}", *settings)
    assert outcome.code == 0, outcome.err
    assert "events.pkl: 40" in outcome.out


@pytest.mark.slow
def test_pickled_events_of_the_default_world_are_told_apart(door: Door, tmp_path: Path) -> None:
    """The shown number: above 85 % at the default effect size."""
    out = str(tmp_path / "events.pkl")
    assert load_script("make_synthetic").main(["waveform_pickle", out]) == 0
    settings = ["experiment=seismic_lstm/lstm", f"dataset.paths=[{out}]", "seed=1", *QUICK]
    outcome = door("simple_train.py", *settings)
    assert outcome.code == 0, outcome.err
    assert balanced_accuracy(tmp_path / "outputs")["value"] > 0.85


@pytest.mark.slow
def test_records_of_unequal_length_train_padded_and_masked(door: Door, tmp_path: Path) -> None:
    out = str(tmp_path / "events.pkl")
    ragged = ["--n-events", "60", "--length-jitter", "6", "--missing", "0.3"]
    assert load_script("make_synthetic").main(["waveform_pickle", out, *ragged]) == 0
    settings = ["experiment=seismic_lstm/lstm", f"dataset.paths=[{out}]", "dataset.align=pad"]
    outcome = door(
        "simple_train.py", *settings, "trainer.max_epochs=2", "encoder=spectrogram", *QUICK
    )
    assert outcome.code == 0, outcome.err
    run = only_run(tmp_path / "outputs")
    first = (run / "evaluation" / "predictions.csv").read_text()
    assert door("evaluate.py", f"checkpoint={run}").code == 0
    assert (run / "evaluation" / "predictions.csv").read_text() == first
