"""Classes in order: distances by hand, kappa as scikit-learn has it, times in days."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from tremor.evaluation.judge import judge
from tremor.evaluation.ordinal import scores

DAY = 86400
CLASSES = ("a", "b", "c", "d")


def world(near: bool = True, groups: int = 80, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Predictions that are at most one class off, or have nothing to do with the truth."""
    rng = np.random.default_rng(seed)
    label = np.arange(groups) % 4
    off = rng.integers(-1, 2, groups)
    said = np.clip(label + off, 0, 3) if near else rng.integers(0, 4, groups)
    rows = {f"p_{c}": np.where(said == k, 0.7, 0.1) for k, c in enumerate(CLASSES)}
    ids = [f"r{i}" for i in range(groups)]
    table = pd.DataFrame(rows).assign(record_id=ids, group=ids, label=label, predicted=said)
    seconds = (label - 1.5) * 10 * DAY
    return table, table[["record_id", "group", "label"]].assign(ttf_seconds=seconds)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=60))
def test_scores_are_those_of_scikit_learn_and_of_hand(pairs: list[tuple[int, int]]) -> None:
    y, p = np.array(pairs).T
    matrix = np.zeros((4, 4))
    np.add.at(matrix, (y, p), 1)
    found = scores(matrix)
    assert found["distance"] == pytest.approx(np.abs(y - p).mean())
    assert found["within_one"] == pytest.approx((np.abs(y - p) <= 1).mean())
    if len(set(y)) > 1 or len(set(p)) > 1 or y[0] != p[0]:
        expected = cohen_kappa_score(y, p, weights="quadratic", labels=range(4))
        assert found["kappa"] == pytest.approx(expected)
    else:
        assert np.isnan(found["kappa"])


def test_a_stack_is_scored_one_by_one() -> None:
    stack = np.random.default_rng(0).integers(0, 9, (5, 3, 3)).astype(float)
    together = scores(stack)
    for i, one in enumerate(stack):
        assert all(together[name][i] == value for name, value in scores(one).items())


def test_near_misses_are_better_than_chance() -> None:
    predictions, _ = world()
    found = judge(predictions, classes=CLASSES, ordered=True, draws=300, permutations=99)["ordinal"]
    assert found["within_one"]["value"] == 1.0
    assert found["distance"]["value"] < found["distance"]["chance"]
    assert {it["p"] for it in found.values()} == {0.01}
    assert all(it["lo"] <= it["value"] <= it["hi"] for it in found.values())
    assert abs(found["kappa"]["chance"]) < 0.1


def test_answers_without_skill_are_at_chance() -> None:
    predictions, _ = world(near=False, groups=400, seed=3)
    found = judge(predictions, classes=CLASSES, ordered=True, draws=300, permutations=99)["ordinal"]
    for it in found.values():
        assert it["lo"] <= it["chance"] <= it["hi"]
        assert it["p"] > 0.02


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 999))
def test_time_turned_round_changes_nothing(seed: int) -> None:
    predictions, _ = world(near=False, seed=seed)
    turned = predictions.assign(
        label=3 - predictions["label"], predicted=3 - predictions["predicted"]
    )
    one, other = (
        judge(t, classes=CLASSES, ordered=True, draws=50, permutations=19)["ordinal"]
        for t in (predictions, turned)
    )
    for name, it in one.items():
        assert other[name]["value"] == pytest.approx(it["value"])


def test_without_order_or_with_two_classes_there_is_no_distance() -> None:
    predictions, table = world()
    settings = {"draws": 50, "permutations": 19, "table": table, "train_table": table}
    plain = judge(predictions, classes=CLASSES, **settings)
    assert not {"ordinal", "times"} & plain.keys()
    two = predictions[predictions["label"] < 2].assign(p_a=0.5, p_b=0.5)
    two["predicted"] = two["predicted"].clip(upper=1)
    assert "ordinal" not in judge(two, classes=("a", "b"), ordered=True, **settings)


def test_times_are_days_of_records_and_of_classes_in_training() -> None:
    predictions, table = world()
    train = table[table["label"] < 3].assign(ttf_seconds=lambda t: t["ttf_seconds"] + DAY)
    shuffled = table.sample(frac=1, random_state=0)
    settings = {"draws": 50, "permutations": 19, "ordered": True}
    found = judge(predictions, classes=CLASSES, table=shuffled, train_table=train, **settings)
    times = found["times"]
    assert times["true_days"] == ((predictions["label"] - 1.5) * 10).tolist()
    assert times["predicted_class"] == predictions["predicted"].tolist()
    assert times["class_days"] == {"a": -14.0, "b": -4.0, "c": 6.0, "d": None}
    assert times["class_limits"]["a"] == [-14.0, -14.0]
    assert times["class_limits"]["d"] == [None, None]
    json.dumps(found, allow_nan=False)


def test_records_without_a_time_are_left_out_of_the_times() -> None:
    predictions, table = world()
    table.loc[table["label"] == 0, "ttf_seconds"] = np.nan
    settings = {"draws": 50, "permutations": 19, "ordered": True}
    found = judge(predictions, classes=CLASSES, table=table, train_table=table, **settings)
    assert len(found["times"]["true_days"]) == len(found["times"]["predicted_class"]) == 60
