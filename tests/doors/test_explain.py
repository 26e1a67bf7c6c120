"""The explaining door: from a checkpoint to maps, what they are worth, and a report."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from opened import ROOT, Door, finished, only_run

from tremor.explain.explanations import Explanations

STATIONS = (
    "experiment=stations/cnn",
    "dataset.source=synthetic",
    "dataset.n_events=60",
    "dataset.stations=[NRCA,T1212]",
    "dataset.test_ratio=0.4",
    "encoder.nperseg=128",
    "encoder.noverlap_ratio=0.5",
    "model.widths=[4,8]",
    "model.features=8",
    "trainer.max_epochs=3",
    "trainer.accelerator=cpu",
    "evaluation.draws=50",
    "evaluation.permutations=20",
)
FAST = ("audit=false", "figures=false")


@pytest.fixture(scope="session")
def stations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small finished run at two stations."""
    home = finished(tmp_path_factory.mktemp("stations"), ["simple_train.py", *STATIONS])
    return only_run(home / "outputs")


def explained(run: Path, name: str) -> tuple[Explanations, dict[str, object], Path]:
    folder = run / "explanations" / name
    told = json.loads((folder / "summary.json").read_text())
    return Explanations.open(folder / "explanation.h5"), told, folder


def only(run: Path, start: str) -> str:
    """The one folder of explanations whose name begins so."""
    (found,) = (run / "explanations").glob(f"{start}*")
    return found.name


@pytest.mark.drawn
@pytest.mark.slow
def test_maps_with_audit_figures_and_report(door: Door, stations: Path) -> None:
    outcome = door("explain.py", f"checkpoint={stations}", "explainer.budget=80")
    assert outcome.code == 0, outcome.err
    found, told, folder = explained(stations, only(stations, "guided_owen-"))
    assert found.values.shape[1:] == (3, 65, 19)
    assert [axis.unit for axis in found.axes] == ["", "Hz", "s"]
    assert {"station", "magnitude", "p_time_s"} <= set(found.table.columns)
    gaps = found.table["completeness_error"].abs().max()
    assert gaps < 1e-4 * found.table["output"].abs().max()
    assert told["overall"] in ("pass", "weak", "fail", "undefined")
    checks = {entry["check"] for entry in told["audit"]}  # type: ignore[attr-defined]
    assert {"deletion", "parameter randomisation", "another seed", "another fill"} <= checks
    assert told["pointing"] is not None
    for name in ("class_means", "stations_classes", "marginals", "deletion_insertion", "record_1"):
        assert (folder / f"{name}.png").stat().st_size > 5_000
        assert (folder / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    page = (stations / "report.html").read_text()
    assert "Owen values" in page
    assert not (folder / "parts").exists()
    again = door("explain.py", f"checkpoint={stations}", "explainer.budget=80", *FAST)
    assert again.code == 0
    assert "all records are explained" in again.out


@pytest.mark.parametrize(
    "asked",
    [
        ("explainer=owen", "explainer.budget=60"),
        ("explainer=leverage", "explainer.budget=120", "explainer.players=bands"),
        ("explainer=leverage", "explainer.space=bands", "explainer.players=components"),
        ("explainer=partition_shap", "explainer.budget=40", "explainer.space=signal"),
        ("explainer=occlusion", "explainer.fill=samples", "explainer.player_kinds.tiles.hertz=25"),
        ("explainer=integrated_gradients", "target=contrast(aftershock,foreshock)"),
        (
            "explainer=expected_gradients",
            "explainer.budget=rel_se=0.9",
            "explainer.fills.samples.draws=8",
        ),
        ("explainer=smoothgrad", "explainer.budget=8", "target=true"),
        ("explainer=shap_partition", "explainer.budget=40"),
        ("explainer=shap_kernel", "explainer.players=components"),
        ("explainer=shap_gradient", "explainer.budget=8", "explainer.fills.samples.draws=8"),
        ("explainer=gradcam",),
        ("explainer=layercam", "target=foreshock"),
    ],
    ids=" ".join,
)
def test_every_explainer_goes_through_the_door(
    door: Door, stations: Path, asked: tuple[str, ...]
) -> None:
    outcome = door("explain.py", f"checkpoint={stations}", "max_per_class=1", *FAST, *asked)
    assert outcome.code == 0, outcome.err
    name = asked[0].partition("=")[2]
    place = Path(outcome.out.split("written  ")[1].splitlines()[0])
    assert place.name.startswith(name)
    found = Explanations.open(place / "explanation.h5")
    assert len(found) == 2
    assert np.isfinite(found.values).all()
    assert found.values.any()


def test_few_players_are_exact_and_audited_as_such(door: Door, stations: Path) -> None:
    """Fills of several draws cost several evaluations a coalition: the audit pays as much."""
    asked = ["explainer=leverage", "explainer.players=components", "explainer.fill=samples"]
    more = ["audit=true", "figures=false", "max_per_class=1"]
    outcome = door("explain.py", f"checkpoint={stations}", *asked, *more)
    assert outcome.code == 0, outcome.err
    assert "pass     another estimator" in outcome.out
    place = Path(outcome.out.split("written  ")[1].splitlines()[0])
    assert (Explanations.open(place / "explanation.h5").errors == 0).all()  # type: ignore[union-attr]
    first = json.loads((place / "summary.json").read_text())
    assert first["pointing"] is None
    again = door("explain.py", f"checkpoint={stations}", *asked, "figures=false", "max_per_class=1")
    assert "that of the earlier call stands" in again.out
    told = json.loads((place / "summary.json").read_text())
    assert (told["overall"], told["caption"]) == (first["overall"], first["caption"])


def test_the_report_is_left_alone_where_other_data_are_explained(
    door: Door, stations: Path
) -> None:
    before = (stations / "report.html").read_bytes()
    asked = ("explainer=gradcam", "audit=false", "max_per_class=1", "dataset.n_events=30")
    outcome = door("explain.py", f"checkpoint={stations}", *asked, "split=all")
    assert outcome.code == 0, outcome.err
    assert (stations / "report.html").read_bytes() == before


def test_the_same_seed_gives_the_same_file_in_any_batch_size(door: Door, stations: Path) -> None:
    """And whichever records are explained beside it."""
    asked = ("explainer.budget=60", *FAST, "max_per_class=2")
    files = []
    for more in ((), ("dataset.batch_size=7",), ("max_per_class=3",), ("seed=1",)):
        outcome = door("explain.py", f"checkpoint={stations}", *asked, *more)
        assert outcome.code == 0, outcome.err
        place = Path(outcome.out.split("written  ")[1].splitlines()[0])
        files.append(Explanations.open(place / "explanation.h5"))
    first, batched, more_of_them, other = files
    np.testing.assert_allclose(batched.values, first.values, atol=1e-5)
    names = more_of_them.table["record_id"].tolist()
    rows = [names.index(name) for name in first.table["record_id"]]
    np.testing.assert_allclose(more_of_them.values[rows], first.values, atol=1e-5)
    both = set(other.table["record_id"]) & set(first.table["record_id"])
    assert len(both) < 4 or not np.allclose(other.values, first.values, atol=1e-5)


def test_a_killed_explanation_goes_on(door: Door, stations: Path) -> None:
    asked = [f"checkpoint={stations}", "explainer.budget=70", *FAST, "max_per_class=8"]
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "explain.py"), *asked],
        cwd=stations,
        stdout=subprocess.PIPE,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    )
    began = time.monotonic()
    while not (there := list(stations.glob("explanations/guided_owen-*/parts/*.npz"))):
        assert process.poll() is None, "it ended before it was killed"
        assert time.monotonic() - began < 120
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    folder = there[0].parent.parent
    assert not (folder / "explanation.h5").exists()
    outcome = door("explain.py", *asked)
    assert outcome.code == 0, outcome.err
    assert "resume" in outcome.out
    assert len(Explanations.open(folder / "explanation.h5")) == 16


def test_selections_are_what_they_say(door: Door, stations: Path) -> None:
    said = pd.read_csv(stations / "evaluation" / "predictions.csv")
    right = set(said.loc[said["label"] == said["predicted"], "record_id"])
    asked = ("explainer=gradcam", *FAST, "max_per_class=null")
    outcome = door("explain.py", f"checkpoint={stations}", "select=correct", *asked)
    assert outcome.code == 0, outcome.err
    found, _, _ = explained(stations, only(stations, "gradcam-correct"))
    assert set(found.table["record_id"]) == right
    common = ("select=common_correct", f"models=[{stations}]")
    assert door("explain.py", f"checkpoint={stations}", *common, *asked).code == 0
    found, _, _ = explained(stations, only(stations, "gradcam-common_correct"))
    assert set(found.table["record_id"]) == right


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("explaner=owen",), "did you mean explainer?"),
        (("explainer=ovwen",), "explainer=owen"),
        (("explainer.budgt=3",), "did you mean explainer.budget?"),
        (("explainer.budget=5m",), "explainer.budget=300s"),
        (("split=tst",), "split=test"),
        (("select=correkt",), "select=correct"),
        (("select=common_correct",), "models=["),
        (("target=mainshock",), "foreshock, aftershock"),
        (("explainer.fill=inpaint",), "mean, samples, blur, zero, noise"),
        (("explainer.space=wavelets",), "signal, spectrogram, bands"),
        (("explainer=gradcam", "explainer.layer=conv9"), "layer"),
        (("explainer=head_cam",), "not linear"),
        (("explainer=leverage", "explainer.budget=9"), "explainer.budget="),
        (("max_per_class=0",), "at least 1"),
        (("match=[magnitud]",), "do not tell magnitud"),
        (("explainer=smoothgrad", "explainer.budget=1"), "2 or more"),
        (("dataset.batch_sise=3",), "did you mean dataset.batch_size?"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_in_one_message(
    door: Door, stations: Path, asked: tuple[str, ...], said: str
) -> None:
    before = set(stations.glob("explanations/*/explanation.h5"))
    outcome = door("explain.py", f"checkpoint={stations}", "max_per_class=1", *asked)
    assert outcome.code == 2, outcome.out
    assert said in outcome.err
    assert "Traceback" not in outcome.err
    assert set(stations.glob("explanations/*/explanation.h5")) == before


def test_a_checkpoint_is_needed_and_it_must_know_classes(door: Door, tmp_path: Path) -> None:
    assert "checkpoint: must be given" in door("explain.py").err
    (tmp_path / "best.ckpt").write_bytes(b"no")
    outcome = door("explain.py", f"checkpoint={tmp_path}")
    assert outcome.code == 2
    assert "cannot read the checkpoint" in outcome.err
