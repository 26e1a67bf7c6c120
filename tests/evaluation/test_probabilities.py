"""Proper scores, recalibration and temperature: known answers, and those of other libraries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss as sklearns
from worlds_of_chance import judged, said

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.calibration import calibration, of_classes
from tremor.evaluation.classwise import classwise
from tremor.evaluation.proper import brier, decomposed, log_loss, proper
from tremor.evaluation.recalibration import newton, slope_and_intercept
from tremor.evaluation.scoring import Scorer
from tremor.evaluation.temperature import fitted, scaled, tempered


def scorer(of: Judged, draws: int = 200) -> Scorer:
    return Scorer(of, draws, 0.95, 0)


@pytest.mark.parametrize("classes", [2, 5])
def test_log_loss_is_scikit_learns(classes: int) -> None:
    it = judged(said(classes=classes))
    assert log_loss(it).mean() == pytest.approx(sklearns(it.labels, it.chances), rel=1e-9)
    found = proper(scorer(it))["nll"]
    assert found["lo"] < found["value"] < found["hi"]
    shares = np.bincount(it.labels) / len(it.labels)
    assert found["chance"] == pytest.approx(sklearns(it.labels, np.tile(shares, (400, 1))))


@pytest.mark.parametrize("classes", [2, 4])
def test_the_parts_of_the_brier_score_add_up_to_it(classes: int) -> None:
    it = judged(said(classes=classes, power=2.0))
    parts = decomposed(it)
    whole = parts["reliability"] - parts["resolution"] + parts["uncertainty"] + parts["within"]
    assert whole == pytest.approx(brier(it).mean(), abs=1e-12)
    assert min(parts["reliability"], parts["resolution"], parts["uncertainty"]) > 0


def test_probabilities_that_are_alike_in_a_bin_have_nothing_within() -> None:
    it = judged(said(classes=2))
    steps = np.round(it.chances[:, 1] * 4) / 4 * 0.9 + 0.05
    parts = decomposed(replace(it, chances=np.stack([1 - steps, steps], 1)))
    assert parts["within"] == pytest.approx(0, abs=1e-12)


def test_the_slope_is_what_makes_it_right() -> None:
    it = judged(said(records=4000, classes=2, power=2.0))
    found = slope_and_intercept(scorer(it))
    assert found["slope"]["lo"] < 0.5 < found["slope"]["hi"]
    assert found["slope"]["hi"] - found["slope"]["lo"] < 0.1
    assert found["intercept"]["lo"] < 0 < found["intercept"]["hi"]


def test_the_regression_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 1))
    y = (rng.random(300) < 1 / (1 + np.exp(-1.5 * x[:, 0] - 0.5))).astype(float)
    ours = newton(np.column_stack([x, np.ones(300)]), np.zeros(300), y)
    theirs = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(x, y)
    assert ours is not None
    assert ours == pytest.approx([theirs.coef_[0, 0], theirs.intercept_[0]], abs=1e-6)


def test_draws_of_one_step_are_as_wide_as_a_bootstrap() -> None:
    it = judged(said(records=300, classes=2, power=1.5))
    s = scorer(it, draws=400)
    found = slope_and_intercept(s)["slope"]
    odds = np.log(it.chances[:, 1] / it.chances[:, 0])
    both = np.column_stack([odds, np.ones(300)])
    rng = np.random.default_rng(1)
    drawn = []
    for _ in range(200):
        rows = rng.integers(0, 300, 300)
        fit = newton(both[rows], np.zeros(300), (it.labels[rows] == 1).astype(float))
        assert fit is not None
        drawn.append(fit[0])
    wide = float(np.diff(np.quantile(drawn, [0.025, 0.975]))[0])
    assert found["hi"] - found["lo"] == pytest.approx(wide, rel=0.25)


def test_there_is_no_slope_where_every_answer_is_right() -> None:
    it = judged(said(classes=2))
    always = replace(it, labels=it.predicted)
    assert slope_and_intercept(scorer(always))["slope"]["value"] is None


@pytest.mark.parametrize("power", [0.5, 2.0, 4.0])
def test_a_known_temperature_is_found(power: float) -> None:
    it = judged(said(records=2000, power=power))
    found = fitted(scorer(it))
    assert found["value"] == pytest.approx(power, rel=0.12)
    assert found["lo"] < power < found["hi"]
    exact = minimize_scalar(
        lambda t: log_loss(replace(it, chances=tempered(it.chances, t))).mean(),
        bounds=(0.05, 20),
        method="bounded",
        options={"xatol": 1e-6},
    )
    assert found["value"] == pytest.approx(exact.x, rel=1e-3)


def test_a_temperature_leaves_the_answers_and_saves_log_loss() -> None:
    test, validation = (judged(said(seed, 1500, power=3.0)) for seed in (1, 2))
    found = scaled(scorer(test), scorer(validation), lambda s: of_classes(s, 100))
    milder = tempered(test.chances, found["temperature"]["value"])
    assert (milder.argmax(1) == test.chances.argmax(1)).all()
    assert milder.sum(1) == pytest.approx(1)
    assert found["temperature"]["gain"]["lo"] > 0
    before = of_classes(scorer(test), 100)
    for name in ("ece", "classwise"):
        assert before[name]["value"] > 2 * before[name]["null"][1]
        assert found["after"][name]["value"] < before[name]["value"] / 2


def test_a_temperature_without_end_is_not_given() -> None:
    it = judged(said(classes=2))
    right = fitted(scorer(replace(it, labels=it.chances.argmax(1))))
    wrong = fitted(scorer(replace(it, labels=it.chances.argmin(1))))
    assert "right" in right["unavailable"]
    assert "worth less" in wrong["unavailable"]
    found = scaled(scorer(it), scorer(replace(it, labels=it.predicted)), lambda s: {})
    assert "after" not in found


def test_the_null_holds_calibrated_models_as_often_as_it_says() -> None:
    inside = {"ece": 0, "classwise": 0}
    for seed in range(80):
        s = Scorer(judged(said(seed, 100)), 1, 0.95, seed)
        both = {"ece": calibration(s, 100)["ece"], "classwise": classwise(s, 100, shared=False)}
        for name, found in both.items():
            inside[name] += found["null"][0] <= found["value"] <= found["null"][1]
    assert all(0.87 <= count / 80 <= 1 for count in inside.values()), inside


def test_bands_of_the_diagram_hold_calibrated_bins() -> None:
    hits = []
    for seed in range(20):
        for row in calibration(Scorer(judged(said(seed, 300)), 1, 0.95, seed), 150)["bins"]:
            low, high = row["band"]
            hits.append(low - 1e-9 <= row["accuracy"] <= high + 1e-9)
    assert 0.92 <= np.mean(hits) <= 0.99


def test_sharpness_counts_every_record() -> None:
    it = judged(said())
    found = of_classes(scorer(it), 20)["sharpness"]
    assert sum(found["counts"]) == 400
    assert sum(found["right"]) == (it.labels == it.predicted).sum()
