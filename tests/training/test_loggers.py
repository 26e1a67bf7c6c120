"""metrics.csv: every number once, whatever columns come; tags that people filter by."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tremor.training.loggers import csv_log, tags_of


def test_rows_and_new_columns(tmp_path: Path) -> None:
    log = csv_log(str(tmp_path))
    log.log_metrics({"loss": 0.1, "epoch": 0}, step=1)
    log.log_metrics({"val/loss": 1 / 3, "epoch": 0}, step=1)
    log.log_metrics({"loss": 0.2, "epoch": 1}, step=2)
    table = pd.read_csv(tmp_path / "metrics.csv")
    assert list(table.columns) == ["step", "epoch", "loss", "val/loss"]
    assert table["val/loss"].dropna().tolist() == [1 / 3]
    assert table["step"].tolist() == [1, 1, 2]


def test_a_resumed_run_replaces_the_rows_that_it_repeats(tmp_path: Path) -> None:
    first = csv_log(str(tmp_path))
    for step in range(1, 6):
        first.log_metrics({"loss": step}, step=step)
    resumed = csv_log(str(tmp_path))
    resumed.log_metrics({"loss": 30.0}, step=3)
    resumed.log_metrics({"loss": 40.0}, step=4)
    assert [row["loss"] for row in resumed.rows()] == ["1.0", "2.0", "30.0", "40.0"]


def test_tags() -> None:
    dataset = {"num_classes": 2, "train_frac": None, "val_ratio": 0.1, "test_ratio": 0.3}
    choices = {"model": "lstm", "encoder": "fft", "trainer": "default"}
    tags = tags_of({"dataset": dataset}, choices)
    assert tags == ["num_classes_2", "train_frac_0.6", "encoder_fft", "model_lstm"]
    assert "train_frac_0.7" in tags_of({"dataset": dataset | {"train_frac": 0.7}}, {})
