"""Intervals: they cover what they promise when records share events, and say when they cannot."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from tremor.evaluation import metrics
from tremor.evaluation.bootstrap import Judged, draw_groups, interval


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
    return interval(drawn, value, 0.95, judged.groups, len(np.unique(labels)))


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
    assert (counts[:, labels == 0].sum(1) == 7).all()
    assert (counts[:, labels == 1].sum(1) == 13).all()
    np.testing.assert_array_equal(counts, draw_groups(labels, 100, 3))


def test_no_error_seen_still_leaves_room_below() -> None:
    low, high = interval(np.ones(100), 1.0, 0.95, 20, 2)
    assert high == 1.0
    assert low == pytest.approx(0.025 ** (1 / 20))
