"""The geomagnetic system as its users run it: a split that leaks, faults, every aid at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from opened import Door, only_run

from tremor.data.synthetic.geomagnetic import GeomagneticWorld
from tremor.data.synthetic.write_geomagnetic import write_geomagnetic

SMALL = [
    *("dataset.n_events=30", "dataset.sites=2", "dataset.n_days=120", "dataset.windows=2"),
    *("dataset.sampling_rate=0.25", "dataset.window_hours=3", "trainer.accelerator=cpu"),
    "encoder.nperseg=256",
]
QUICK = [
    *("model.name=test_convnext", "model.resize=[32,32]", "trainer.max_epochs=1"),
    *("evaluation.draws=20", "evaluation.permutations=9"),
]


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def test_a_split_of_windows_is_said_to_leak_before_anything_else(
    door: Door, tmp_path: Path
) -> None:
    few = ["trainer.max_epochs=1", "evaluation.draws=20", "evaluation.permutations=9"]
    assert door("simple_train.py", "experiment=geomagnetic/leaky_split", *SMALL, *few).code == 0
    verdict = read(only_run(tmp_path / "outputs") / "evaluation" / "metrics.json")
    assert verdict["verdict"][0].startswith("THE SPLIT LEAKS")


@pytest.mark.slow
def test_every_aid_at_once_trains_is_judged_and_resumed(door: Door, tmp_path: Path) -> None:
    enhanced = ["experiment=geomagnetic/convnext_enhanced", *SMALL, *QUICK]
    outcome = door("simple_train.py", *enhanced, "trainer.precision=bf16-mixed")
    assert outcome.code == 0, outcome.err
    run = only_run(tmp_path / "outputs")
    said = pd.read_csv(run / "evaluation" / "predictions.csv")
    for head, classes in (("magnitude", 4), ("azimuth", 9)):
        chances = said.filter(regex=f"^p_{head}_")
        assert chances.shape[1] == classes
        assert chances.sum(1).to_numpy() == pytest.approx(1.0)
    quiet = said["p_magnitude_Normal"].to_numpy()
    assert said["p_azimuth_Normal"].to_numpy() == pytest.approx(quiet)  # one hierarchy for both
    assert door("evaluate.py", f"checkpoint={run}", "split=val").code == 0
    verdict = read(run / "evaluation" / "val" / "metrics.json")
    assert {"joint", "within", "detection", "heads"} <= verdict.keys()
    assert door("simple_train.py", f"resume={run}", "trainer.max_epochs=2").code == 0


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A month of one station in files."""
    folder = tmp_path_factory.mktemp("archive")
    write_geomagnetic(GeomagneticWorld(n_events=9, n_days=30, sites=1), folder)
    return folder


@pytest.mark.slow
def test_files_with_faults_are_named_and_the_run_goes_on(
    door: Door, archive: Path, tmp_path: Path
) -> None:
    """A day cut short, one of another cadence, one twice, and an event out of all reach."""
    table = pd.read_csv(archive / "catalogue.csv")
    shaken = pd.to_datetime(table["time"]).dt.strftime("%Y%m%d")
    short, slow, double = (next(archive.glob(f"*/*{shaken[n]}*")) for n in (4, 2, 7))
    whole = short.read_bytes()
    short.write_bytes(whole[: len(whole) // 2])
    lines = slow.read_bytes().splitlines(keepends=True)
    slow.write_bytes(b"".join([*lines[:40], *lines[40::60]]))
    double.with_name(double.name.replace("vsec", "psec")).write_bytes(double.read_bytes())
    far = table.iloc[[0]].assign(latitude=80.0, event="far")
    pd.concat([table, far]).to_csv(archive / "catalogue.csv", index=False)
    files = ["dataset.source=files", f"dataset.data_dir={archive}", "dataset.n_folds=3"]
    more = [*QUICK, "dataset.quiet_days_away=1.0", "dataset.windows=1", "dataset.purge_hours=6"]
    outcome = door(
        "simple_train.py", "experiment=geomagnetic/loeo", *files, *more, "trainer.accelerator=cpu"
    )
    assert outcome.code == 0, outcome.err
    notes = pd.DataFrame(read(next((tmp_path).rglob("meta.json")))["set_aside"])
    reasons = dict(zip(notes["record_id"], notes["reason"], strict=True))
    assert "no station within range" in reasons["far"]
    assert any("cadence" in reason for reason in reasons.values())
    lost = next(why for name, why in reasons.items() if name.startswith(f"LWA_{shaken[4]}"))
    assert "% missing" in lost


def test_more_folds_than_events_are_refused(door: Door) -> None:
    few = ["dataset.n_events=6", "dataset.n_days=60", "dataset.sites=1", "dataset.windows=1"]
    words = ["experiment=geomagnetic/loeo", *few, "dataset.sampling_rate=0.25"]
    outcome = door("simple_train.py", *words, "dataset.n_folds=40")
    assert outcome.code == 2
    assert "more folds than events: n_folds=40" in outcome.err
