"""Runs whose records all test: they are judged and explained, and never trained on."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
from opened import TONES, Door

EVERY = "dataset.event_split_method=all_test"


def test_nothing_is_trained_on_records_that_all_test(door: Door, tmp_path: Path) -> None:
    outcome = door("simple_train.py", *TONES, EVERY)
    assert outcome.code == 2
    assert "nothing to learn from" in outcome.err
    assert not (tmp_path / "outputs").exists()


def test_a_run_is_judged_and_explained_on_all_of_them(door: Door, trained: Path) -> None:
    outcome = door("evaluate.py", f"checkpoint={trained}", EVERY)
    assert outcome.code == 0, outcome.err
    assert "train    " not in outcome.out
    (place,) = (trained / "evaluation").glob("test-*")
    verdict = json.loads((place / "metrics.json").read_text())
    assert verdict["records"] == len(pd.read_csv(trained / "split.csv"))
    assert verdict["baselines"] == {}
    few = ["explainer.space=signal", "max_per_class=1", "audit=false", "figures=false"]
    asked = ["explainer=integrated_gradients", *few, "explainer.fill=mean"]
    outcome = door("explain.py", f"checkpoint={trained}", EVERY, *asked)
    assert outcome.code == 0, outcome.err
    assert "fills    no record trains" in outcome.out
