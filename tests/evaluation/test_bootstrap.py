"""Intervals: they cover what they promise when records share events, and say when they cannot."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tremor.evaluation import metrics
from tremor.evaluation.bootstrap import Evidence, Judged, draw_groups, interval


def clustered(rng: np.random.Generator, groups: int, records: int) -> pd.DataFrame:
    """Events whose records are right together or wrong together, on average 75 % right."""
    skill = rng.beta(0.75 * 2, 0.25 * 2, groups)
    label = np.arange(groups) % 2
    right = rng.random((groups, records)) < skill[:, None]
    predicted = np.where(right, label[:, None], 1 - label[:, None])
    rows = {
        "group": np.repeat(np.arange(groups).astype(str), records),
        "label": np.repeat(label, records),
        "predicted": predicted.ravel(),
    }
    return pd.DataFrame(rows).assign(p_a=0.5, p_b=0.5)


def accuracy_interval(table: pd.DataFrame, draws: int, seed: int) -> list[float]:
    judged = Judged.of(table, ("a", "b"))
    each, labels = judged.group_confusion(), judged.group_labels()
    counts = draw_groups(labels, draws, seed)
    drawn = metrics.from_confusion(np.tensordot(counts, each, axes=1))["accuracy"]
    value = float(metrics.from_confusion(each.sum(0))["accuracy"])
    evidence = Evidence.pooled(judged.groups, len(np.unique(labels)))
    return interval(drawn, value, 0.95, *evidence)


def coverage(groups: int, unit: str, trials: int = 300) -> float:
    rng, covered = np.random.default_rng(1), 0
    for trial in range(trials):
        table = clustered(rng, groups, 25)
        if unit == "record":
            table["group"] = np.arange(len(table)).astype(str)
        low, high = accuracy_interval(table, 200, trial)
        covered += low <= 0.75 <= high
    return covered / trials


@pytest.mark.parametrize("groups", [12, 20, 40])
def test_event_intervals_cover_and_record_intervals_do_not(groups: int) -> None:
    assert coverage(groups, "event") >= 0.90
    assert coverage(groups, "record") < 0.75


def average_recall(sizes: list[int], recall: list[float], seed: int) -> tuple[list[float], float]:
    """An interval of balanced accuracy where events of a class are right together, and the truth.

    Every event has 5 records; what is wrong is called the next class.
    """
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    mean = np.array(recall)[labels]
    right = rng.binomial(5, rng.beta(2 * mean, 2 * (1 - mean)))
    each = np.zeros((len(labels), len(sizes), len(sizes)))
    rows = np.arange(len(labels))
    each[rows, labels, labels] = right
    each[rows, labels, (labels + 1) % len(sizes)] = 5 - right
    drawn = np.tensordot(draw_groups(labels, 300, seed), each, axes=1)
    value = float(metrics.from_confusion(each.sum(0))["balanced_accuracy"])
    evidence = Evidence.averaged(np.array(sizes))
    assert evidence is not None
    ends = interval(metrics.from_confusion(drawn)["balanced_accuracy"], value, 0.95, *evidence)
    return ends, float(np.mean(recall))


@pytest.mark.parametrize(
    ("sizes", "least"),
    [([51] + [2] * 8, 0.88), ([51, 3, 2, 3, 4, 2, 3], 0.88), ([10, 90], 0.90), ([20] * 4, 0.91)],
)
def test_few_events_of_a_class_beside_many_quiet_days_are_covered(
    sizes: list[int], least: float
) -> None:
    recall = [0.9, *[0.4] * (len(sizes) - 1)]
    tried = (average_recall(sizes, recall, seed) for seed in range(300))
    assert np.mean([low <= truth <= high for (low, high), truth in tried]) >= least


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(2, 60), min_size=1, max_size=9))
def test_evidence_lies_between_that_of_the_smallest_class_and_that_of_all(
    sizes: list[int],
) -> None:
    it = Evidence.averaged(np.array([*sizes, 0]))
    assert it is not None
    assert min(sizes) - 1 - 1e-9 <= it.free <= sum(sizes) - len(sizes) + 1e-9
    assert it.groups <= sum(sizes) + 1e-9
    even = Evidence.averaged(np.full(len(sizes), 7))
    assert even == pytest.approx(Evidence.pooled(7 * len(sizes), len(sizes)))


def test_a_single_event_of_a_class_is_no_evidence_of_an_average() -> None:
    assert Evidence.averaged(np.array([51, 3, 1, 0])) is None


def test_a_class_of_few_events_varies_as_much_as_its_events() -> None:
    """The mean of 3 events has a third of their variance, not two ninths."""
    values = np.array([0.0, 1.0, 5.0])
    labels = np.array([0, 0, 0, *[1] * 50])
    means = draw_groups(labels, 40_000, 0)[:, :3] @ values / 3
    assert means.var() == pytest.approx(values.var(ddof=1) / 3, rel=0.03)


def test_classes_of_a_single_event_vary_together() -> None:
    counts = draw_groups(np.array([0] * 9 + [1, 2, 3]), 200, 0)
    assert (counts[:, 9:].std(0) > 0.5).all()
    np.testing.assert_allclose(counts[:, 9:].sum(1), 3)
    assert (draw_groups(np.array([0] * 9 + [1]), 50, 0)[:, 9] == 1).all()


def test_draws_of_broken_weights_are_not_above_what_they_are() -> None:
    drawn = np.array([1 - 1e-15, 1 + 2e-16] * 50)
    assert interval(drawn, 1.0, 0.95, 20, 18) == [pytest.approx(0.025 ** (1 / 20)), 1.0]
    lead = np.array([1e-17, 2e-17] * 50)
    assert interval(lead, 0.0, 0.95, 20, 18) == [0.0, 0.0]


def test_more_copies_of_the_records_change_nothing() -> None:
    table = clustered(np.random.default_rng(0), 20, 10)
    copied = pd.concat([table] * 3)
    np.testing.assert_allclose(
        accuracy_interval(table, 500, 0), accuracy_interval(copied, 500, 0), rtol=1e-12
    )


def test_one_record_an_event_is_the_ordinary_stratified_bootstrap() -> None:
    table = clustered(np.random.default_rng(0), 400, 1)
    low, high = accuracy_interval(table, 4000, 0)
    right = (table["label"] == table["predicted"]).to_numpy()
    rng = np.random.default_rng(5)
    halves = [np.flatnonzero(table["label"] == k) for k in (0, 1)]
    plain = [
        np.concatenate([right[rng.choice(half, len(half))] for half in halves]).mean()
        for _ in range(4000)
    ]
    np.testing.assert_allclose([low, high], np.quantile(plain, [0.025, 0.975]), atol=0.006)


def test_draws_keep_the_number_of_events_of_each_class() -> None:
    labels = np.array([0] * 7 + [1] * 13)
    counts = draw_groups(labels, 100, 3)
    np.testing.assert_allclose(counts[:, labels == 0].sum(1), 7)
    np.testing.assert_allclose(counts[:, labels == 1].sum(1), 13)
    np.testing.assert_array_equal(counts, draw_groups(labels, 100, 3))


def test_no_error_seen_still_leaves_room_below() -> None:
    low, high = interval(np.ones(100), 1.0, 0.95, 20, 18)
    assert high == 1.0
    assert low == pytest.approx(0.025 ** (1 / 20))
