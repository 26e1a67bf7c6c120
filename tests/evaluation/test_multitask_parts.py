"""Within precursors, all heads at once, precursor or quiet: each number by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, balanced_accuracy_score, roc_auc_score, roc_curve
from two_heads import AZIMUTHS, MAGNITUDES, always, predictions, world

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.detection import MONTH, detection
from tremor.evaluation.joint import joint
from tremor.evaluation.measured import Asked, against, part
from tremor.evaluation.scoring import share
from tremor.evaluation.within import within

ASKED = Asked(draws=200, permutations=99, level=0.95, seed=0)


def judged(said: pd.DataFrame, head: str, classes: list[str]) -> Judged:
    columns = {f"p_{c}": said[f"p_{head}_{c}"] for c in classes}
    answers = {"label": said[f"label_{head}"], "predicted": said[f"predicted_{head}"]}
    return Judged.of(said[["group"]].assign(**answers, **columns), tuple(classes))


def magnitudes(said: pd.DataFrame) -> Judged:
    return judged(said, "magnitude", MAGNITUDES)


def both(said: pd.DataFrame) -> list[Any]:
    columns = [[f"{kind}_{h}" for h in ("magnitude", "azimuth")] for kind in ("label", "predicted")]
    return [said[names].to_numpy(np.int64) for names in columns]


# within precursors


def test_within_are_the_scores_of_scikit_learn_among_precursors() -> None:
    said = predictions(world(), skill=1.5)
    found = within(judged(said, "azimuth", AZIMUTHS), AZIMUTHS, ASKED)
    inside = said[said["label_azimuth"] > 0]
    true, answer = inside["label_azimuth"], inside["predicted_azimuth"]
    told = 1 + inside[[f"p_azimuth_{c}" for c in AZIMUTHS[1:]]].to_numpy().argmax(1)
    assert found is not None
    assert found["accuracy"]["value"] == pytest.approx(accuracy_score(true, answer))
    assert found["told_accuracy"]["value"] == pytest.approx(accuracy_score(true, told))
    expected = np.mean([(answer == true)[true == k].mean() for k in true.unique()])
    assert found["balanced_accuracy"]["value"] == pytest.approx(expected)
    expected = balanced_accuracy_score(true, told)
    assert found["told_balanced_accuracy"]["value"] == pytest.approx(expected)
    assert found["accuracy"]["chance"] == pytest.approx(true.value_counts(normalize=True).max())
    assert found["balanced_accuracy"]["chance"] == pytest.approx(1 / true.nunique())
    assert found["detected"] == pytest.approx((answer > 0).mean())
    assert sum(found["class_records"].values()) == found["records"] == len(inside)


def test_finding_precursors_is_no_merit_within_them() -> None:
    table = world()
    quiet = table["label"] == 0
    found = within(magnitudes(always(table, np.where(quiet, 0, 2), 0)), MAGNITUDES, ASKED)
    assert found is not None
    assert found["balanced_accuracy"]["value"] == pytest.approx(1 / 3)
    assert found["balanced_accuracy"]["p"] == 1.0


def test_quiet_windows_do_not_count_within_precursors() -> None:
    table = world()
    one = predictions(table)
    worse = one.copy()
    worse.loc[table["label"] == 0, "predicted_magnitude"] = 3
    assert within(magnitudes(one), MAGNITUDES, ASKED) == within(
        magnitudes(worse), MAGNITUDES, ASKED
    )


# all heads


def test_joint_is_the_share_with_all_right() -> None:
    said = predictions(world(), skill=2.0)
    found = joint(magnitudes(said), *both(said), ASKED)
    right = (said["label_magnitude"] == said["predicted_magnitude"]) & (
        said["label_azimuth"] == said["predicted_azimuth"]
    )
    assert found is not None
    assert found["accuracy"]["value"] == pytest.approx(right.mean())
    assert found["within"]["accuracy"]["value"] == pytest.approx(right[said["label"] > 0].mean())
    apart = (said["predicted_magnitude"] == 0) != (said["predicted_azimuth"] == 0)
    assert found["disagree"]["value"] == pytest.approx(apart.mean())
    assert found["most_frequent"] == pytest.approx((said["label"] == 0).mean())
    assert found["accuracy"]["p"] == 0.01


def test_joint_chance_is_the_share_that_agrees_by_luck() -> None:
    """Always quiet is right for the quiet half, however labels are dealt."""
    said = always(world(), 0, 0)
    found = joint(magnitudes(said), *both(said), ASKED)
    assert found is not None
    assert found["accuracy"]["value"] == found["accuracy"]["chance"] == found["most_frequent"]
    assert found["within"]["accuracy"]["value"] == 0.0
    assert found["within"]["accuracy"]["lo"] == 0.0
    assert found["within"]["accuracy"]["hi"] == pytest.approx(1 - 0.025 ** (1 / 60))


# precursor or quiet


def detected(said: pd.DataFrame, rows: pd.DataFrame | None = None) -> dict[str, Any]:
    found = detection(magnitudes(said), MAGNITUDES, rows, ASKED)
    assert found is not None
    return found


def test_rate_and_false_alarms_by_hand() -> None:
    table = world()
    quiet = (table["label"] == 0).to_numpy()
    answer = np.where(quiet, 0, 2)
    answer[np.flatnonzero(quiet)[:12]] = 3  # 12 of 120 quiet windows of 6 h
    answer[np.flatnonzero(~quiet)[:30]] = 0  # 30 of 120 precursors
    found = detected(always(table, answer, 0), table)
    months = 120 * 6 / MONTH
    assert found["rate"]["value"] == pytest.approx(0.75)
    assert found["false_alarms"]["value"] == pytest.approx(12 / months)
    assert found["false_alarms"]["lo"] < 12 / months < found["false_alarms"]["hi"]
    assert found["exposure"] == {
        "windows": 120,
        "hours": 720.0,
        "stations": 2,
        "unit": "station-month",
    }
    without = detected(always(table, answer, 0), table.drop(columns="hours"))
    assert without["exposure"]["unit"] == "quiet window"
    assert without["false_alarms"]["value"] == pytest.approx(0.1)
    assert detected(always(table, answer, 0))["false_alarms"] == without["false_alarms"]


def test_area_and_curve_are_those_of_scikit_learn() -> None:
    table = world()
    said = predictions(table, skill=1.0)
    found = detected(said, table.drop(columns="hours"))
    score, true = 1 - said["p_magnitude_Normal"], table["label"] > 0
    assert found["auroc"]["value"] == pytest.approx(roc_auc_score(true, score))
    false, rate, thresholds = roc_curve(true, score, drop_intermediate=False)
    expected = {round(t, 9): (f, r) for t, f, r in zip(thresholds, false, rate, strict=True)}
    assert len(found["curve"]) == 50
    for point in found["curve"]:
        f, r = expected[round(point["threshold"], 9)]
        assert point["rate"]["value"] == pytest.approx(r)
        assert point["false_alarms"]["value"] == pytest.approx(f)
        assert point["rate"]["lo"] <= r <= point["rate"]["hi"]


def test_alarms_at_random_find_as_many_precursors_as_there_are_alarms() -> None:
    table = world(groups=400)
    answer = np.random.default_rng(0).integers(0, 2, 400).repeat(2)
    found = detected(always(table, answer, 0), table)
    assert found["rate"]["chance"] == pytest.approx(answer.mean(), abs=0.02)
    assert found["rate"]["p"] > 0.05
    assert found["auroc"]["lo"] < 0.5 < found["auroc"]["hi"]


def test_no_false_alarm_seen_does_not_mean_none_to_come() -> None:
    table = world()
    found = detected(always(table, table["label"], 0), table)["false_alarms"]
    each = MONTH / 6
    assert (found["value"], found["lo"]) == (0.0, 0.0)
    assert found["hi"] == pytest.approx((1 - 0.025 ** (1 / 60)) * each)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 999))
def test_a_curve_rises_as_its_threshold_falls(seed: int) -> None:
    table = world(groups=30, seed=seed)
    points = detected(predictions(table, skill=1.0, seed=seed), table)["curve"]
    for key in ("rate", "false_alarms"):
        values = [p[key]["value"] for p in points]
        assert values == sorted(values, reverse=True)
    assert points[0]["rate"]["value"] == 1.0


# numbers


def test_a_part_keeps_its_records_and_groups() -> None:
    whole = magnitudes(predictions(world()))
    some = part(whole, whole.labels > 0)
    assert (some.labels > 0).all()
    assert some.groups == 60
    assert list(some.names[some.rows]) == list(whole.names[whole.rows][whole.labels > 0])


def test_a_share_of_none_is_as_uncertain_as_one_of_all() -> None:
    scorer = ASKED.scorer(magnitudes(predictions(world())))
    none, all_of_them = (share(scorer.value, v, np.full(200, v)) for v in (0.0, 1.0))
    assert none["hi"] == pytest.approx(1 - all_of_them["lo"])


def test_less_can_be_better() -> None:
    null = np.arange(10.0)
    assert against(0.0, null, smaller=True) == {"chance": 4.5, "p": 2 / 11}
    assert against(0.0, null, chance=3.0)["p"] == 1.0
    assert against(np.nan, null)["p"] is None
