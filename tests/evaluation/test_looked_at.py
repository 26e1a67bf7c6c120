"""Slices, mistakes, selective prediction: known answers, and luck is not taken for one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from worlds_of_chance import judged, said

from tremor.evaluation.judge import judge
from tremor.evaluation.mistakes import MOST, mistakes, of_classes
from tremor.evaluation.scoring import Scorer
from tremor.evaluation.selective import selective
from tremor.evaluation.slices import slices
from tremor.evaluation.slicing import parts


def world(seed: int = 0, groups: int = 300, weak: str = "") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Four stations, 80 % right everywhere but at the station `weak`, where it is 40 %."""
    rng = np.random.default_rng(seed)
    label, station = rng.integers(0, 2, groups), rng.choice(list("ABCD"), groups)
    right = rng.random(groups) < np.where(station == weak, 0.4, 0.8)
    predicted = np.where(right, label, 1 - label)
    sure = 0.5 + 0.4 * rng.random(groups)
    table = pd.DataFrame({"record_id": [f"r{i}" for i in range(groups)], "label": label})
    table = table.assign(group=[f"g{i}" for i in range(groups)], predicted=predicted)
    p = np.where(predicted == 1, sure, 1 - sure)
    days = pd.Timestamp("2016-08-01") + pd.to_timedelta(90 * rng.random(groups), unit="D")
    rows = table.assign(
        station=station,
        start_time=[f"{day:%Y-%m-%dT%H:%M:%SZ}" for day in days],
        distance_km=rng.uniform(1, 50, groups),
        sex=rng.choice(["female", "male", ""], groups),
    )
    return table.assign(p_a=1 - p, p_b=p), rows


def found(seed: int = 0, weak: str = "", draws: int = 300) -> dict[str, Any]:
    table, rows = world(seed, weak=weak)
    return slices(Scorer(judged(table), draws, 0.95, 0), rows)


def test_slices_are_of_all_that_is_known_and_their_scores_of_their_records() -> None:
    table, rows = world()
    told = found()
    assert list(told) == ["station", "hour", "date", "sex", "distance_km"]
    for name in ("station", "hour", "date", "distance_km"):
        assert sum(row["records"] for row in told[name]) == 300
    assert sum(row["records"] for row in told["sex"]) == (rows["sex"] != "").sum()
    right = table["label"] == table["predicted"]
    for row in told["station"]:
        own = rows["station"] == row["name"]
        recalls = [right[own & (rows["label"] == k)].mean() for k in (0, 1)]
        others = [right[~own & (rows["label"] == k)].mean() for k in (0, 1)]
        assert row["accuracy"]["value"] == pytest.approx(right[own].mean())
        assert row["balanced_accuracy"]["value"] == pytest.approx(np.mean(recalls))
        assert row["beyond"]["value"] == pytest.approx(np.mean(recalls) - np.mean(others))


def test_a_weak_slice_is_found_among_all() -> None:
    told = found(weak="C")
    rows = {row["name"]: row["beyond"] for its in told.values() for row in its}
    first = min(rows, key=lambda name: rows[name]["p_holm"])
    assert first == "C"
    assert rows[first]["p_holm"] < 0.001
    assert rows[first]["hi"] < 0


def test_luck_is_not_taken_for_a_weak_slice() -> None:
    """With Holm over all slices, few even worlds have one that stands out."""
    hits = 0
    for seed in range(12):
        rows = [row for its in found(seed, draws=100).values() for row in its]
        hits += min(row["beyond"]["p_holm"] for row in rows) < 0.05
    assert hits <= 3


def test_a_slice_of_few_groups_is_small_and_has_no_interval() -> None:
    table, rows = world()
    rows.loc[rows.index[:4], "station"] = "E"
    told = slices(Scorer(judged(table), 50, 0.95, 0), rows)["station"]
    (small,) = [row for row in told if row["name"] == "E"]
    assert small["small"]
    assert small["accuracy"]["lo"] is None
    assert small["beyond"]["p"] is None
    assert "p_holm" not in small["beyond"]


def test_groups_stay_whole_in_bins_of_dates() -> None:
    _, rows = world(groups=100)
    groups = np.arange(100) // 2
    for part in parts(rows, groups)["date"]:
        assert len({*groups[part.inside]} & {*groups[~part.inside]}) == 0


def test_risk_by_hand() -> None:
    """Forty records in two bins: the surer half has one error, the other ten."""
    p = np.repeat([0.9, 0.6], 20)
    label = np.array([0] + [1] * 19 + [0] * 10 + [1] * 10)
    table = pd.DataFrame({"p_0": 1 - p, "p_1": p, "label": label, "predicted": 1})
    told = selective(Scorer(judged(table.assign(group=np.arange(40).astype(str))), 50, 0.95, 0))
    assert [(it["kept"], it["risk"]) for it in told["points"]] == [
        (0.5, pytest.approx(1 / 20)),
        (1.0, pytest.approx(11 / 40)),
    ]
    assert told["area"]["value"] == pytest.approx((1 / 20 + 11 / 40) / 2)
    assert told["area"]["chance"] == pytest.approx(11 / 40)
    assert told["saved"]["value"] == pytest.approx(11 / 40 - told["area"]["value"])


def test_errors_that_come_last_reach_the_least_area() -> None:
    records = 2000
    sure = np.linspace(0.5, 1, records)
    label = (np.arange(records) >= 600).astype(int)
    table = pd.DataFrame({"p_0": 1 - sure, "p_1": sure, "label": label, "predicted": 1})
    table = table.assign(group=np.arange(records).astype(str))
    area = selective(Scorer(judged(table), 50, 0.95, 0))["area"]
    assert area["value"] == pytest.approx(area["least"], abs=0.015)
    rng = np.random.default_rng(0)
    luck = selective(Scorer(judged(table.assign(label=rng.permutation(label))), 50, 0.95, 0))
    assert luck["area"]["lo"] < luck["area"]["chance"] < luck["area"]["hi"]


def test_where_no_error_was_seen_some_may_come() -> None:
    """Forty of forty are right: no score claims that the next forty will be."""
    label = np.arange(40) % 2
    table = pd.DataFrame({"record_id": np.arange(40).astype(str), "label": label})
    table = table.assign(group=table["record_id"], predicted=label, p_a=1.0 - label, p_b=label)
    told = judge(table, classes=["a", "b"], draws=50, permutations=20, validation=table)
    room = 0.025 ** (1 / 40)
    lows = {name: score["lo"] for name, score in told["metrics"].items()}
    assert lows["balanced_accuracy"] == pytest.approx(room)
    assert lows["mcc"] == pytest.approx(2 * room - 1)
    # one class errs alone: by this much of it, its AUROC loses as much, the mean recall half
    assert lows["auroc"] == pytest.approx(2 * room - 1)
    assert told["selective"]["area"]["hi"] == pytest.approx(1 - room)
    assert (told["sets"]["size"]["lo"], told["sets"]["size"]["hi"]) == (1.0, 2 - room)


def test_each_event_has_its_surest_mistake_and_the_surest_comes_first() -> None:
    table = said(0, 300, each=3, power=2.0)
    told = mistakes(table, ["0", "1", "2"], table.assign(station="A", magnitude=np.nan))
    assert len(told) == MOST == len({row["group"] for row in told})
    sure = [row["p_predicted"] for row in told]
    assert sure == sorted(sure, reverse=True)
    wrong = table[table["label"] != table["predicted"]]
    chances = wrong[["p_0", "p_1", "p_2"]].max(axis=1)
    assert sure == pytest.approx(chances.groupby(wrong["group"]).max().nlargest(MOST).tolist())
    for row in told:
        own = table[table["record_id"] == row["record_id"]].iloc[0]
        assert (row["label"], row["predicted"]) == (str(own["label"]), str(own["predicted"]))
        assert row["p_label"] == own[f"p_{own['label']}"]
        assert row["wrong"] == (wrong["group"] == row["group"]).sum()
        assert (row["records"], row["station"], row["magnitude"]) == (3, "A", None)


def test_mistakes_of_classes_that_a_record_may_have_at_once() -> None:
    table = pd.DataFrame(
        {
            "record_id": ["a", "b", "c"],
            "group": ["x", "y", "z"],
            "label_AF": [1, 0, -1],
            "predicted_AF": [0, 0, 1],
            "p_AF": [0.1, 0.2, 0.9],
            "label_SR": [0, 0, 0],
            "predicted_SR": [0, 1, 0],
            "p_SR": [0.3, 0.95, 0.1],
        }
    )
    told = of_classes(table, ["AF", "SR"])
    assert [(r["record_id"], r["class"], r["label"], r["predicted"]) for r in told] == [
        ("b", "SR", "without", "with"),
        ("a", "AF", "with", "without"),
    ]
    assert [r["p_predicted"] for r in told] == [0.95, 0.9]
