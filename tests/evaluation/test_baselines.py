"""Leak alarms: what each of them is told, and that folds learn from their own training alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tremor.evaluation import baselines


def table(label: list[int], **columns: object) -> pd.DataFrame:
    return pd.DataFrame({"label": label}).assign(**columns)


def test_two_rules_are_told_what_is_background_and_nothing_more() -> None:
    train, judged = table([0, 0, 0, 2, 2, 1]), table([0, 1, 3, 2])
    assert list(baselines.two_rules(train, judged)) == [0, 2, 2, 2]
    assert list(baselines.majority(train, judged)) == [0, 0, 0, 0]


def test_two_rules_work_where_nothing_but_precursors_was_trained() -> None:
    assert list(baselines.two_rules(table([2, 2]), table([0, 1]))) == [0, 2]


def test_two_rules_need_a_precursor_to_learn_from() -> None:
    said = baselines.two_rules(table([0, 0]), table([0, 1]))
    assert said == "no training record is anything but background"


def test_the_rendering_is_what_levels_and_colours_tell() -> None:
    label = [0, 1] * 20
    rng = np.random.default_rng(0)
    colour = 0.3 * np.array(label) + 0.01 * rng.standard_normal(40)
    noise = rng.standard_normal(40)
    drawn = table(label, level_H=noise, mean_R=colour)
    assert list(baselines.level(drawn, drawn)) == label
    assert baselines.level_sees(drawn) == (
        "overall amplitude of each channel and mean colour of each channel"
    )
    assert baselines.level_sees(drawn[["level_H"]]) == "overall amplitude of each channel"
    assert "no level_*" in str(baselines.level(drawn[["label"]], drawn[["label"]]))


def test_one_class_alone_is_said_by_every_alarm() -> None:
    train = table([2] * 30, station=["A", "B"] * 15, level_H=np.arange(30.0))
    judged = table([0, 2], station=["A", "C"], level_H=[0.0, 1.0])
    assert list(baselines.level(train, judged)) == [2, 2]
    assert [list(said) for _, said in baselines.metadata(train, judged)] == [[2, 2]]


def test_each_fold_learns_from_its_own_training_records() -> None:
    """A station tells the class in one fold and its opposite in the other."""
    station = ["A", "B"] * 30
    label = [0, 1] * 30
    turned = [1, 0] * 30
    both = [table(label, station=station), table(turned, station=station)]
    train = pd.concat([t.assign(judged_fold=k) for k, t in enumerate(both)])
    judged = table([0, 1, 0, 1], station=["A", "B", "A", "B"], judged_fold=[0, 0, 1, 1])
    (columns, said) = next(baselines.metadata(train, judged))
    assert columns == ("station",)
    assert list(said) == [0, 1, 1, 0]
    assert list(baselines.majority(train[train["label"] == 1], judged)) == [1, 1, 1, 1]
    counts = pd.concat(
        [table([0, 2, 2], judged_fold=0), table([0, 3, 3], judged_fold=1)], ignore_index=True
    )
    assert list(baselines.two_rules(counts, judged)) == [0, 2, 0, 3]


def test_a_drift_over_years_is_a_column_that_means_the_same_in_all_tables() -> None:
    """Hours and months are alike in both classes; the year is not."""
    times = [f"{year}-0{month}-15T06:00:00Z" for year in (2019, 2020) for month in range(1, 7)]
    label = [0] * 6 + [1] * 6
    train = table(label * 5, start_time=times * 5)
    said = dict(baselines.metadata(train, table([1, 0], start_time=[times[8], times[2]])))
    assert list(said[("day",)]) == [1, 0]
    assert set(said) == {("month",), ("day",), ("month", "day")}
    alone = [baselines.known_metadata(table([0], start_time=[t]))["day"][0] for t in times[::11]]
    assert alone == [17911.0, 17911.0 + 365 + 152]
    assert not [c for c, _ in baselines.metadata(train, train, {"month", "day"})]
