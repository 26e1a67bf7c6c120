"""Other reasons than the signal: found where they were planted, and not where they were not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import several_classes as several
from evaluation.drifting import world
from scipy.stats import spearmanr

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.confounders import confounded, confounders
from tremor.evaluation.covariates import covariates, logits
from tremor.evaluation.drift import matched_in_time
from tremor.evaluation.inside_class import inside
from tremor.evaluation.judge import judge
from tremor.evaluation.matched import matched
from tremor.evaluation.scoring import Scorer


def scorer(said: pd.DataFrame, draws: int = 200) -> Scorer:
    names = tuple(c.removeprefix("p_") for c in said if c.startswith("p_"))
    return Scorer(Judged.of(said, names), draws, 0.95, 0)


def found(kind: str, **more: Any) -> tuple[dict[str, Any], list[str]]:
    said, rows = world(kind, **more)
    names = [c.removeprefix("p_") for c in said if c.startswith("p_")]
    verdict = confounders(scorer(said), rows, names)
    return verdict["confounders"], list(confounded(verdict))


def test_a_drift_is_found_by_every_check_that_can_see_it() -> None:
    it, said = found("drift")
    assert it["pairs"]["lo"] < 0.5 < it["pairs"]["all"]["lo"]
    assert it["pairs"]["drop"]["lo"] > 0
    assert it["pairs"]["window_days"] == 1.0
    assert it["date"]["lo"] > 0.8
    assert it["covariates"]["b"]["day"]["lo"] > 0.8
    assert it["apart"]["day"]["value"] > 0.5
    assert it["matched"]["lo"] > 0.5  # size has nothing to do with it
    starts = ("NOT above chance between records at most 1 day apart", "NOT free of drift")
    assert all(any(s.startswith(start) for s in said) for start in starts)
    assert any("the date (" in s and s.startswith("NOT the class alone") for s in said)


def test_size_that_tells_the_class_is_found_by_matching() -> None:
    it, said = found("size")
    assert it["matched"]["lo"] < 0.5 < it["matched"]["value"] + it["matched"]["drop"]["lo"]
    assert it["matched"]["on"] == ["magnitude", "distance_km"]
    before, after = (
        abs(means[1] - means[0]) for means in zip(*it["matched"]["means"]["magnitude"], strict=True)
    )
    assert after < 0.15 < 1 < before
    assert said[0].startswith("NOT above chance once classes are matched in magnitude and distance")
    assert "NOT free of drift" not in " ".join(said)


@pytest.mark.parametrize("classes", [2, 3])
def test_clean_data_raise_nothing(classes: int) -> None:
    assert not [s for seed in range(4) for s in found("clean", seed=seed, classes=classes)[1]]


def test_the_judge_says_it_where_the_model_is_above_chance() -> None:
    said, rows = world("drift")
    settings = {"classes": ("a", "b"), "table": rows, "draws": 100, "permutations": 20}
    train = pd.concat([rows] * 2, ignore_index=True)
    drift = judge(said, train_table=train, **settings)
    assert any("NOT better than the metadata: " in s for s in drift["verdict"])
    assert any(s.startswith("NOT free of drift") for s in drift["verdict"])
    noise = judge(said, **{**settings, "table": rows.assign(seen="noise")})
    assert noise["control"] == "noise before P"
    assert noise["verdict"][0].startswith("CONTROL: the network has the noise before P alone")
    assert "NOT at chance: balanced accuracy." in noise["verdict"][0]
    clean, rows = world("clean")
    quiet = judge(clean, **{**settings, "table": rows})
    assert not [s for s in quiet["verdict"] if "NOT" in s and "confident" not in s]


def test_age_that_tells_a_class_of_several_is_found_in_that_class_alone() -> None:
    """AF is of the old, and said of them; what is said of the other classes is of these."""
    table = several.world(patients=200)
    rng = np.random.default_rng(0)
    has = (table["age"] + rng.normal(0, 8, len(table)) > 60).astype(int)
    table["label_AF"] = has.groupby(table["group"]).transform("first")
    said = several.predictions(table)
    p = 1 / (1 + np.exp(-(table["age"] - 60) / 5))
    said = said.assign(p_AF=p.to_numpy(), predicted_AF=(p > 0.5).astype(int).to_numpy())
    it = several.judged(said, table)
    assert set(it["reasons"]) == set(several.CLASSES)
    match = it["reasons"]["AF"]["confounders"]["matched"]
    assert match["on"] == ["age"]
    assert match["lo"] <= 0.5 < match["value"] + match["drop"]["lo"]
    assert it["reasons"]["AF"]["confounders"]["covariates"]["AF"]["age"]["lo"] > 0.9
    lines = [s for s in it["verdict"] if "matched in age" in s or "log-odds of" in s]
    assert lines[0].startswith("AF: NOT above chance once classes are matched in age")
    assert lines[0].endswith("patients).")
    assert all(line.startswith("AF: ") for line in lines)


def test_a_record_without_a_date_takes_no_part_and_spoils_nothing() -> None:
    said, rows = world("drift")
    whole = matched_in_time(scorer(said), covariates(rows)["day"], rows)
    undated = rows.assign(start_time=rows["start_time"].where(rows.index % 20 > 0, ""))
    days = covariates(undated)["day"]
    assert np.isnan(days).sum() == len(rows) / 20
    part = matched_in_time(scorer(said), days, undated)
    assert whole is not None
    assert part is not None
    assert 0.8 * whole["pairs"] < part["pairs"] < whole["pairs"]


def test_inside_one_class_is_spearman_of_that_class() -> None:
    said, rows = world("drift", events=40)
    said = said.assign(label=0).iloc[::2].reset_index(drop=True)
    values = rows["magnitude"].to_numpy()[::2]
    own = logits(said[["p_a", "p_b"]].to_numpy(), ("a", "b"))["b"]
    score = inside(scorer(said), own, values)
    assert score is not None
    assert score["value"] == pytest.approx(spearmanr(own, values).statistic)
    assert score["lo"] < score["value"] < score["hi"]


def test_what_goes_with_the_class_alone_is_no_correlation_inside_it() -> None:
    said, _ = world("clean")
    label = said["label"].to_numpy(float)
    own = label + np.random.default_rng(0).normal(0, 0.1, len(label))
    other = label + np.random.default_rng(1).normal(0, 0.1, len(label))
    assert spearmanr(own, other).statistic > 0.7
    score = inside(scorer(said), own, other)
    assert score is not None
    assert abs(score["value"]) < 0.2


def test_pairs_are_of_one_station_and_of_two_events() -> None:
    said, rows = world("clean", events=60)
    days = covariates(rows)["day"]
    whole = matched_in_time(scorer(said), days, rows)
    assert whole is not None
    apart = rows.assign(station=np.where(rows["label"] == 0, "A", "B"))
    assert matched_in_time(scorer(said), days, apart) is None
    one = said.assign(group="e0")
    assert matched_in_time(scorer(one), days, rows) is None


def test_matching_needs_both_classes_in_a_cell() -> None:
    said, rows = world("clean", events=60)
    far = rows.assign(magnitude=rows["label"] * 10.0)
    assert matched(scorer(said), far) is None
    assert matched(scorer(said), rows.drop(columns=["magnitude", "distance_km"])) is None


def test_a_table_that_tells_nothing_has_no_checks() -> None:
    said, rows = world("clean", events=30)
    assert confounders(scorer(said), rows[["record_id", "group", "label"]], ("a", "b")) == {}
