"""Prediction sets: as often right as promised, by group, and only where that can be promised."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from worlds_of_chance import judged, said

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.conformal import METHODS, Sets, aps, fewest_groups, lac, threshold
from tremor.evaluation.exchangeable import exchangeable
from tremor.evaluation.promises import broken
from tremor.evaluation.scoring import Scorer
from tremor.evaluation.sets import expected, prediction_sets

INFINITE = float("inf")


def test_coverage_is_what_is_promised_of_exchangeable_records() -> None:
    """The mean over many worlds is 0.90, and each world is where its binomial is."""
    held: dict[str, list[float]] = {name: [] for name in METHODS}
    for seed in range(60):
        table = judged(said(seed, 400, classes=4))
        one, other = (_rows(table, s) for s in (slice(0, 200), slice(200, 400)))
        for name, method in METHODS.items():
            sets = method(one, 0.9)
            bare, filled = (of(other.chances) for of in (sets.bare, sets))
            assert (filled >= bare).all()
            assert filled.any(1).all()
            held[name].append(bare[np.arange(200), other.labels].mean())
    low, high = expected(200, 200, 0.9)
    for name, each in held.items():
        assert np.mean(each) == pytest.approx(0.9, abs=0.015), name
        assert np.mean((np.array(each) >= low) & (np.array(each) <= high)) >= 0.88, name


def _rows(table: Judged, part: slice) -> Judged:
    labels, chances, rows = (it[part] for it in (table.labels, table.chances, table.rows))
    return replace(table, labels=labels, chances=chances, rows=rows)


def test_one_record_a_group_is_split_conformal() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(99)
    found = threshold(scores, np.arange(99), 0.9)
    assert found == np.sort(scores)[int(np.ceil(100 * 0.9)) - 1]


def test_a_group_counts_once_however_many_records_it_has() -> None:
    scores = np.array([0.1, 0.2, 0.3, 0.4, *[0.9] * 50])
    rows = np.array([0, 1, 2, 3, *[4] * 50])
    assert threshold(scores, rows, 0.6) == 0.4
    again = np.concatenate([scores, scores])
    assert threshold(again, np.concatenate([rows, rows]), 0.6) == 0.4


def test_groups_that_err_together_are_still_covered() -> None:
    """Records of a group share their luck, and some groups have many records."""
    held = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        sizes = rng.integers(1, 12, 31)
        strange = rng.random(31).repeat(sizes) + 0.01 * rng.random(sizes.sum())
        rows = np.arange(31).repeat(sizes)
        limit = threshold(strange[rows < 30], rows[rows < 30], 0.9)
        held.append((strange[rows == 30] <= limit).mean())
    assert np.mean(held) == pytest.approx(0.9, abs=0.05)


def strange(row: np.ndarray, k: int, method: str) -> float:
    """How strange a class is to a record, said in words: LAC, or APS with half of its own share."""
    likelier = sum(p for j, p in enumerate(row) if p > row[k] or (p == row[k] and j < k))
    return float(likelier + row[k] / 2 if method == "aps" else 1 - row[k])


@pytest.mark.parametrize("method", METHODS)
def test_sets_are_those_of_the_definition(method: str) -> None:
    """Class by class and record by record, without quantiles.

    A class is in the set unless, were it the true one, its record would be stranger than so many
    of the groups: a record counts as one over those of its group, the new group as one more.
    """
    rng = np.random.default_rng(3)
    chances = rng.dirichlet([0.6, 1.0, 1.5], 90).round(2)
    labels = np.array([rng.choice(3, p=row / row.sum()) for row in chances])
    rows = np.repeat(np.arange(40), rng.integers(1, 5, 40))[:70]
    rows = np.concatenate([rows, np.arange(20) + 100])
    table = pd.DataFrame({"label": labels, "predicted": chances.argmax(1), "group": rows})
    table = table.assign(**{f"p_{k}": chances[:, k] for k in range(3)})
    one, other = judged(table.iloc[:70]), judged(table.iloc[70:])
    found = METHODS[method](one, 0.8).bare(other.chances)
    for row, inside in zip(other.chances, found, strict=True):
        for k in range(3):
            own = np.arange(70) if method != "lac_class" else np.flatnonzero(one.labels == k)
            groups = [own[one.rows[own] == g] for g in np.unique(one.rows[own])]
            less = [
                np.mean(
                    [
                        strange(one.chances[i], one.labels[i], method)
                        < strange(row, k, method) - 1e-9
                        for i in group
                    ]
                )
                for group in groups
            ]
            assert inside[k] == (sum(less) / (len(groups) + 1) < 0.8 - 1e-9)


def test_too_few_groups_promise_nothing() -> None:
    assert fewest_groups(0.9) == 9
    assert threshold(np.arange(8.0), np.arange(8), 0.9) == INFINITE
    assert threshold(np.arange(9.0), np.arange(9), 0.9) == 8.0
    assert threshold(np.zeros(0), np.zeros(0, int), 0.9) == INFINITE


def test_each_class_has_its_own_coverage() -> None:
    """A class that is hard to tell is covered as often as the others, where it is asked for."""
    rng = np.random.default_rng(0)
    label = np.arange(4000) % 2
    odds = np.where(label == 1, 0.2, -3.0) + rng.standard_normal(4000)
    p = 1 / (1 + np.exp(-odds))
    table = pd.DataFrame({"p_0": 1 - p, "p_1": p, "label": label, "predicted": (p > 0.5) * 1})
    it = judged(table.assign(group=np.arange(4000).astype(str)))
    one, other = (_rows(it, s) for s in (slice(0, 2000), slice(2000, 4000)))
    by_class = {}
    for method in ("lac", "lac_class"):
        inside = METHODS[method](one, 0.9).bare(other.chances)
        held = inside[np.arange(2000), other.labels]
        by_class[method] = [held[other.labels == k].mean() for k in (0, 1)]
    assert by_class["lac"][1] < 0.87 < by_class["lac"][0]
    assert by_class["lac_class"] == pytest.approx([0.9, 0.9], abs=0.03)


def test_strangeness_by_hand() -> None:
    chances = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])
    assert lac(chances) == pytest.approx(np.array([[0.5, 0.7, 0.8], [0.9, 0.9, 0.2]]))
    ours = [[0.25, 0.65, 0.9], [0.85, 0.95, 0.4]]
    assert aps(chances) == pytest.approx(np.array(ours))
    sets = Sets(lac, np.full(3, 0.3))
    assert sets.bare(chances).tolist() == [[False] * 3, [False, False, True]]
    assert sets(chances).tolist() == [[True, False, False], [False, False, True]]


def test_a_verdict_on_sets_tells_coverage_size_and_each_class() -> None:
    test, validation = (judged(said(seed, 600, each=2)) for seed in (1, 2))
    found, held = prediction_sets(Scorer(test, 200, 0.95, 0), validation, "abc", "aps", 0.8)
    it = found["coverage"]
    assert it["lo"] < it["value"] < it["hi"]
    assert it["expected"][0] < 0.8 < it["expected"][1]
    assert it == found["methods"]["aps"]["coverage"]
    assert sum(found["sizes"]) == 600
    assert found["size"]["value"] == pytest.approx(np.dot(found["sizes"], range(4)) / 600)
    assert [found["per_class"][c]["records"] for c in "abc"] == np.bincount(test.labels).tolist()
    inside = METHODS["aps"](validation, 0.8)(test.chances)
    assert (held == inside).all()
    each = pd.Series(inside[np.arange(600), test.labels]).groupby(test.rows).mean()
    assert it["value"] == pytest.approx(each.mean())


def test_expected_coverage_is_that_of_many_worlds() -> None:
    rng = np.random.default_rng(0)
    strange = rng.random((4000, 60))
    limits = np.sort(strange[:, :30], 1)[:, int(np.ceil(31 * 0.9)) - 1]
    held = (strange[:, 30:] <= limits[:, None]).mean(1)
    low, high = expected(30, 30, 0.9)
    assert 0.94 <= ((held >= low) & (held <= high)).mean() <= 0.99
    assert expected(5, 30, 0.9) == [1.0, 1.0]


def _table(days: np.ndarray, station: str = "A") -> pd.DataFrame:
    time = pd.Timestamp("2016-08-01", tz="UTC") + pd.to_timedelta(days, unit="D")
    return pd.DataFrame(
        {
            "group": np.arange(len(days)).astype(str),
            "station": station,
            "start_time": [f"{t:%Y-%m-%dT%H:%M:%SZ}" for t in time],
            "magnitude": np.random.default_rng(len(days)).normal(3, 1, len(days)),
        }
    )


def test_test_groups_that_follow_in_time_have_no_guarantee() -> None:
    found = exchangeable(_table(np.linspace(50, 90, 60)), _table(np.linspace(20, 50, 40)))
    assert found["in_time"]
    assert found["warnings"] == ["test groups are later than those of validation"]
    (time,) = [c for c in found["checks"] if c["quantity"] == "time"]
    assert time["value"] > 0.99


def test_groups_that_are_alike_raise_no_warning() -> None:
    rng = np.random.default_rng(0)
    found = [
        exchangeable(_table(90 * rng.random(60)), _table(90 * rng.random(40))) for _ in range(12)
    ]
    assert sum(bool(it["warnings"]) for it in found) <= 1


def test_a_station_that_validation_does_not_know_is_said() -> None:
    days = np.linspace(0, 90, 50)
    found = exchangeable(_table(days, "B"), _table(days + 0.5))
    assert found["new_stations"] == 1.0
    assert not found["in_time"]
    assert "100% of the test records" in found["warnings"][0]


def test_sets_that_do_not_hold_are_said_first_and_so_is_a_missing_guarantee() -> None:
    test, validation = judged(said(1, 400)), judged(said(2, 200))
    swapped = replace(test, labels=(test.labels + 1) % 3)
    found, _ = prediction_sets(Scorer(swapped, 200, 0.95, 0), validation, "abc", "lac", 0.9)
    (line,) = broken({"sets": found})
    assert line.startswith("Prediction sets do NOT hold what they promise: coverage 0.")
    right, _ = prediction_sets(Scorer(test, 200, 0.95, 0), validation, "abc", "lac", 0.9)
    assert not list(broken({"sets": right, "exchangeable": {"warnings": []}}))
    (line,) = broken({"sets": right, "exchangeable": {"warnings": ["they are later"]}})
    assert line.startswith("NO guarantee")
    assert line.endswith("they are later.")
