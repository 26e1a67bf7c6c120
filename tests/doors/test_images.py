"""Training on pictures by its commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from opened import Door, load_script, only_run

SMALL = ["model.widths=[2,4]", "model.features=4", "trainer.max_epochs=1"]
SMALL += ["trainer.accelerator=cpu", "evaluation.draws=20", "evaluation.permutations=9"]
FEW = ["dataset.source=synthetic", "dataset.n_events=20", "dataset.stations=[AAA,BBB]"]


@pytest.mark.slow
def test_an_export_trains_and_is_judged_on_its_own_test_pictures(
    door: Door, tmp_path: Path
) -> None:
    out = tmp_path / "my pictures"
    assert load_script("export_spectrograms").main([str(out), *FEW]) == 0
    typed = ["experiment=stations/images", f"dataset.data_dir={out}", *SMALL]
    outcome = door("simple_train.py", *typed)
    assert outcome.code == 0, outcome.err
    run = only_run(tmp_path / "outputs")
    assert list(json.loads((run / "stats.json").read_text())["mean"]) == ["Z", "N", "E"]
    assert "Image -> (3, 33, 96)" in outcome.out
    table = (out / "metadata.csv").read_text()
    count = table.count(",test/")
    assert f"n = {count} records of {count // 2} events (test)" in outcome.out
    again = door("evaluate.py", f"checkpoint={run}", "split=val")
    assert again.code == 0, again.err


@pytest.mark.slow
def test_pictures_of_unknown_events_train_only_where_that_is_allowed(
    door: Door, tmp_path: Path
) -> None:
    out = tmp_path / "pictures"
    assert load_script("export_spectrograms").main([str(out), *FEW]) == 0
    for name in ("metadata.csv", "export.json", "f_t_range.npy"):
        (out / name).unlink()
    typed = ["experiment=stations/images", f"dataset.data_dir={out}", *SMALL]
    refused = door("simple_train.py", *typed)
    assert refused.code == 2
    assert "remedy: dataset.height=33 dataset.f_t_range=null" in refused.err
    typed += ["dataset.f_t_range=null"]
    refused = door("simple_train.py", *typed)
    assert refused.code == 1
    assert "the event of every record is known" in refused.err
    allowed = door("simple_train.py", *typed, "dataset.allow_leak=true")
    assert allowed.code == 0, allowed.err
    assert "THE SPLIT LEAKS" in (only_run(tmp_path / "outputs") / "report.html").read_text()


def test_a_folder_without_pictures_is_refused(door: Door, tmp_path: Path) -> None:
    typed = ["experiment=stations/images", f"dataset.data_dir={tmp_path}", *SMALL]
    outcome = door("simple_train.py", *typed)
    assert outcome.code == 2
    assert "no pictures here" in outcome.err
