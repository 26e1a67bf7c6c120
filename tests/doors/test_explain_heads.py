"""Explaining a network of two heads: each question by itself, in mHz and minutes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from opened import Door, Outcome, finished, only_run
from slow_tones import OVERRIDES, SIZES, WINDS

from tremor.explain.explanations import Explanations
from tremor.explain.units import based

FAST = ("audit=false", "figures=false")
Explain = Any


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Small finished runs, by what their logits are of the last features."""
    decoders = {
        "linear": ("decoder=multitask", "decoder.hidden=null"),
        "bent": ("decoder=multitask", "decoder.hidden=8"),
        "hierarchical": ("decoder=hierarchical", "decoder.hidden=null"),
    }
    made = {}
    for name, decoder in decoders.items():
        home = tmp_path_factory.mktemp(name)
        words = ["simple_train.py", *OVERRIDES, *decoder]
        made[name] = only_run(finished(home, words, allow="slow_tones") / "outputs")
    return made


@pytest.fixture
def explain(door: Door, monkeypatch: pytest.MonkeyPatch) -> Explain:
    """`explain(run, …)`: the outcome, and what was written, if anything."""
    monkeypatch.setenv("TREMOR_ALLOW", "slow_tones")

    def asked(run: Path, *words: str) -> tuple[Outcome, Explanations | None]:
        outcome = door("explain.py", f"checkpoint={run}", *words)
        if outcome.code:
            return outcome, None
        place = Path(outcome.out.split("written  ")[1].splitlines()[0])
        return outcome, Explanations.open(place / "explanation.h5")

    return asked


@pytest.mark.parametrize(
    ("asked", "target", "classes"),
    [
        ("target=azimuth", "azimuth:predicted", WINDS),
        ("target=azimuth:E", "azimuth:E", WINDS),
        ("target=predicted", "magnitude:predicted", SIZES),
        ("target=contrast(azimuth:E,azimuth:N)", "contrast(azimuth:E,azimuth:N)", WINDS),
    ],
)
def test_a_head_is_asked_and_told_in_its_own_classes(
    explain: Explain, runs: dict[str, Path], asked: str, target: str, classes: tuple[str, ...]
) -> None:
    outcome, found = explain(runs["linear"], "explainer=head_cam", asked, "max_per_class=2", *FAST)
    assert outcome.code == 0, outcome.err
    assert found.classes == classes
    assert found.meta["target"] == target
    counts = found.table["label"].value_counts()
    assert counts.to_dict() == {0: 2, 1: 2, 2: 2}
    head = "azimuth" if classes == WINDS else "magnitude"
    said = pd.read_csv(runs["linear"] / "evaluation" / "predictions.csv").set_index("record_id")
    mine = said.loc[found.table["record_id"]]
    for column in ("label", "predicted"):
        np.testing.assert_array_equal(found.table[column], mine[f"{column}_{head}"])
    gaps = found.table["completeness_error"].abs().max()
    assert gaps < 1e-4 * found.table["output"].abs().max()


def test_axes_are_in_millihertz_and_minutes(explain: Explain, runs: dict[str, Path]) -> None:
    asked = ("explainer=gradcam", "target=azimuth", "max_per_class=1", *FAST)
    outcome, found = explain(runs["linear"], *asked)
    assert [axis.unit for axis in found.axes] == ["", "mHz", "min"]
    assert found.axes[0].values == ("H", "D", "Z", "Z/H")
    frequency, time = found.axes[1:]
    assert 22 <= min(frequency.values) < max(frequency.values) <= 100
    np.testing.assert_allclose(based(time)[0], 64.0, atol=0.6)
    assert "mHz" in outcome.out
    assert " min" in outcome.out


def test_only_answers_that_are_known_are_explained(explain: Explain, runs: dict[str, Path]) -> None:
    asked = ("explainer=gradcam", "max_per_class=null", *FAST)
    said = pd.read_csv(runs["linear"] / "evaluation" / "predictions.csv")
    known = said[said["label_azimuth"] >= 0]
    assert len(known) < len(said)
    _, found = explain(runs["linear"], "target=azimuth", *asked)
    assert set(found.table["record_id"]) == set(known["record_id"])
    _, right = explain(runs["linear"], "target=azimuth:true", "select=correct", *asked)
    agree = known["label_azimuth"] == known["predicted_azimuth"]
    assert set(right.table["record_id"]) == set(known["record_id"][agree])
    _, first = explain(runs["linear"], *asked)
    assert len(first.table) == len(said)


@pytest.mark.parametrize(
    "asked",
    [
        ("explainer=gradcam", "target=azimuth"),
        ("explainer=layercam", "target=azimuth:N"),
        ("explainer=owen", "explainer.budget=40", "target=magnitude"),
        ("explainer=guided_owen", "explainer.budget=40", "target=azimuth"),
        (
            "explainer=integrated_gradients",
            "explainer.method.estimator.most=32",
            "explainer.space=signal",
            "target=azimuth",
        ),
        (
            "explainer=leverage",
            "explainer.player_kinds.tiles.seconds=900",
            "explainer.player_kinds.tiles.hertz=0.04",
            "explainer.budget=80",
            "target=contrast(magnitude:Large,magnitude:Normal)",
        ),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("kind", ["linear", pytest.param("hierarchical", marks=pytest.mark.slow)])
def test_every_explainer_answers_for_a_head(
    explain: Explain, runs: dict[str, Path], kind: str, asked: tuple[str, ...]
) -> None:
    outcome, found = explain(runs[kind], *asked, "max_per_class=1", *FAST)
    assert outcome.code == 0, outcome.err
    assert len(found) == 3
    assert np.isfinite(found.values).all()
    assert found.values.any()


def test_an_exact_map_needs_a_linear_head(explain: Explain, runs: dict[str, Path]) -> None:
    asked = ("explainer=head_cam", "max_per_class=1", *FAST)
    for kind, target in (("bent", "azimuth"), ("hierarchical", "azimuth:N")):
        outcome, found = explain(runs[kind], f"target={target}", *asked)
        assert found is None
        assert "not linear in the features" in outcome.err
        for way in ("explainer=gradcam", "explainer=layercam", "decoder.hidden=null"):
            assert way in outcome.err
    for target in ("contrast(azimuth:E,azimuth:N)", "azimuth:Normal"):
        outcome, found = explain(runs["hierarchical"], f"target={target}", *asked)
        assert outcome.code == 0, outcome.err
        gaps = found.table["completeness_error"].abs().max()
        assert gaps < 1e-4 * found.table["output"].abs().max()


def test_the_predicted_class_is_the_one_that_the_predictions_tell(
    explain: Explain, runs: dict[str, Path]
) -> None:
    """Of some records the background has most of the probability, and less than one half."""
    run = runs["hierarchical"]
    asked = ("explainer=gradcam", "target=magnitude", "max_per_class=null", *FAST)
    _, found = explain(run, *asked)
    said = pd.read_csv(run / "evaluation" / "predictions.csv").set_index("record_id")
    said = said.loc[found.table["record_id"]]
    chances = said.filter(regex="^p_magnitude_").to_numpy()
    told = said["predicted_magnitude"].to_numpy()
    assert (told != chances.argmax(1)).any()
    background = chances[:, 0]
    own = chances[np.arange(len(told)), told]
    logit = np.log(own / np.sqrt(background * (1 - background)))  # that of the background is -s/2
    np.testing.assert_allclose(found.table["output"], logit, atol=1e-4)


def test_what_is_no_head_is_refused_with_what_there_is(
    explain: Explain, runs: dict[str, Path]
) -> None:
    outcome, _ = explain(runs["linear"], "target=azimut", *FAST)
    assert outcome.code != 0
    assert "magnitude (Normal, Small, Large); azimuth (Normal, N, E)" in outcome.err
    assert "target=azimuth" in outcome.err


@pytest.mark.drawn
@pytest.mark.slow
def test_maps_audit_pointing_and_report_of_a_head(explain: Explain, runs: dict[str, Path]) -> None:
    asked = ("explainer=head_cam", "target=azimuth", "max_per_class=2", "dataset.batch_size=8")
    outcome, found = explain(runs["linear"], *asked, "audit=true")
    assert outcome.code == 0, outcome.err
    place = Path(outcome.out.split("written  ")[1].splitlines()[0])
    told = json.loads((place / "summary.json").read_text())
    assert told["units"] == {"component": "", "frequency": "mHz", "time": "min"}
    assert told["target"] == "azimuth:predicted"
    assert told["pointing"]["records"] == int((found.table["label"] > 0).sum())
    assert "logit of the predicted class of azimuth" in told["methods"]
    assert "contrast(azimuth:E,azimuth:Normal)" in " ".join(told["notes"])
    for name in ("class_means", "marginals", "record_1", "pointing", "deletion_insertion"):
        assert (place / f"{name}.png").stat().st_size > 5_000
