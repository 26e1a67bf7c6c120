"""Classes by time, at the size of the real set, and the splits of earlier studies."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tremor.data import splits
from tremor.data.labels import as_stored, limits, names, on_the_wrong_side, time_bins, visso
from tremor.errors import Refused

MAIN = "2016-10-30T06:40:17.32"
CLASSES = ("post", "pre", "visso")
REAL = (4595, 886, 3628)
PUBLISHED = {2: (2538, 362, 725), 4: (1268, 181, 362), 8: (634, 90, 181), 9: (620, 88, 177)}


def catalogue(pre: int, visso: int, post: int) -> pd.DataFrame:
    """Events of the three phases in a random order, one record each."""
    rng = np.random.default_rng(0)
    days = [rng.uniform(-67, -4, pre), rng.uniform(-3.5, -0.1, visso), rng.uniform(0.01, 51, post)]
    label = np.repeat(
        [CLASSES.index(name) for name in ("pre", "visso", "post")], (pre, visso, post)
    )
    start = pd.Timestamp(MAIN, tz="UTC") + pd.to_timedelta(np.concatenate(days), unit="D")
    table = pd.DataFrame({"label": label, "start_time": start.strftime("%Y-%m-%dT%H:%M:%S.%fZ")})
    table = table.sample(frac=1, random_state=1).reset_index(drop=True)
    ids = [f"e{i:05d}" for i in range(len(table))]
    return table.assign(record_id=ids, group=ids)


TABLE = catalogue(*REAL)


def split(table: pd.DataFrame, method: str = "temporal", **given: Any) -> pd.Series:
    usual: dict[str, Any] = {"train_frac": 0.7, "val_ratio": 0.1, "test_ratio": 0.2}
    usual |= {"fold": None, "n_folds": 5, "purge_hours": 0.0, "seed": 0}
    return getattr(splits, method)(table[table["label"] >= 0], **(usual | given))


def test_phases_on_the_wrong_side_of_the_main_shock_are_counted() -> None:
    assert on_the_wrong_side(time_bins(TABLE, CLASSES, 2, MAIN)) == 0
    late = str(pd.Timestamp(MAIN) + pd.Timedelta(days=3650))
    after = int((TABLE["label"] == CLASSES.index("post")).sum())
    assert on_the_wrong_side(time_bins(TABLE, CLASSES, 2, late)) == after


@pytest.mark.parametrize("classes", [2, 3, 4, 5, 8, 9, 10])
def test_classes_are_equal_in_number_and_follow_each_other(classes: int) -> None:
    made = time_bins(TABLE, CLASSES, classes, MAIN)
    used = made.table[made.table["label"] >= 0]
    assert made.classes == names(classes)
    assert used["label"].value_counts().nunique() == 1
    spans = used.groupby("label")["ttf_seconds"].agg(["min", "max"])
    assert (spans["max"].to_numpy()[:-1] < spans["min"].to_numpy()[1:]).all()
    assert ("Visso" in made.classes) == bool(classes % 2)


def test_time_to_failure_counts_from_the_main_shock_in_utc() -> None:
    made = time_bins(TABLE, CLASSES, 2, MAIN).table
    assert ((made["ttf_seconds"] > 0) == (made["label"] == 1))[made["label"] >= 0].all()
    one = TABLE.iloc[:1].assign(start_time="2016-10-30T07:40:17.320Z", label=0)
    whole = pd.concat([TABLE, one], ignore_index=True)
    assert time_bins(whole, CLASSES, 2, MAIN).table["ttf_seconds"].iloc[-1] == 3600


@pytest.mark.parametrize("classes", PUBLISHED)
def test_the_published_split_has_the_published_counts(classes: int) -> None:
    made = time_bins(TABLE, CLASSES, classes, MAIN).table
    parts = split(made, "temporal_published")
    counts = made.groupby(["label", parts]).size().unstack()
    for label in range(classes):
        assert tuple(counts.loc[label, ["train", "val", "test"]]) == PUBLISHED[classes]


@pytest.mark.parametrize("frac", [0.035, 0.35, 0.002])
def test_the_published_split_is_refused_where_its_faults_bite(frac: float) -> None:
    made = time_bins(TABLE, CLASSES, 9, MAIN).table
    with pytest.raises(Refused, match="moves its test events"):
        split(made, "temporal_published", train_frac=frac)


def test_temporal_keeps_its_test_events_and_nests_its_training_events() -> None:
    made = time_bins(TABLE, CLASSES, 9, MAIN).table
    found = {f: split(made, train_frac=f) for f in (0.035, 0.07, 0.14, 0.35, 0.7)}
    per_class = {f: (parts == "train").sum() // 9 for f, parts in found.items()}
    assert list(per_class.values()) == [31, 62, 124, 310, 621]
    assert split(made, train_frac=None).equals(found[0.7])
    smaller = None
    for parts in found.values():
        assert (parts == "test").equals(found[0.7] == "test")
        assert (parts == "val").equals(found[0.7] == "val")
        if smaller is not None:
            assert (parts[smaller == "train"] == "train").all()
        smaller = parts
    other = split(made, train_frac=0.07, seed=1)
    assert (other == "test").equals(found[0.07] == "test")
    assert not (other == "train").equals(found[0.07] == "train")


def test_temporal_tests_the_middle_of_each_class() -> None:
    made = time_bins(TABLE, CLASSES, 4, MAIN).table
    parts = split(made)
    for label in range(4):
        own = made[made["label"] == label].sort_values("start_time")
        words = parts[own.index].tolist()
        middle = [n for n, word in enumerate(words) if word in ("val", "test")]
        assert middle == list(range(middle[0], middle[-1] + 1))
        assert abs(middle[0] - (len(words) - 1 - middle[-1])) <= 1


@pytest.mark.parametrize("hours", [0.5, 24.0])
def test_a_purge_keeps_training_away_from_the_test(hours: float) -> None:
    made = time_bins(TABLE, CLASSES, 4, MAIN).table
    parts = split(made, purge_hours=hours)
    start = made["ttf_seconds"] / 3600
    tests = start[parts.index[parts == "test"]].to_numpy()
    train = start[parts.index[parts == "train"]].to_numpy()
    assert np.abs(train[:, None] - tests).min() >= hours - 1 / 3600
    assert (parts == "purged").any()
    assert ((parts == "test") == (split(made) == "test")).all()


def test_a_purge_that_empties_a_class_names_the_most_that_does_not() -> None:
    made = time_bins(TABLE, CLASSES, 9, MAIN).table
    with pytest.raises(Refused, match="purge_hours=72 leaves a class") as refused:
        split(made, purge_hours=72.0)
    most = re.search(r"dataset.purge_hours=([\d.]+) is the most", refused.value.remedy)
    assert most
    hours = float(most[1])
    kept = split(made, purge_hours=hours)
    assert set(made.loc[kept.index[kept == "train"], "label"]) == set(range(9))
    with pytest.raises(Refused):
        split(made, purge_hours=hours + 1)


def test_the_labels_seed_decides_who_is_left_out_and_nothing_global_moves() -> None:
    state = np.random.get_state()[1].copy()  # type: ignore[union-attr]
    first, second = (time_bins(TABLE, CLASSES, 2, MAIN, seed=s).table["label"] for s in (0, 1))
    assert (np.random.get_state()[1] == state).all()  # type: ignore[union-attr]
    assert not first.equals(second)
    assert first.equals(time_bins(TABLE, CLASSES, 2, MAIN).table["label"])


def test_limits_say_when_each_class_is() -> None:
    rows = limits(time_bins(TABLE, CLASSES, 9, MAIN))
    assert [row["class"] for row in rows] == list(names(9))
    assert {row["events"] for row in rows} == {886}
    assert rows[4]["last_day"] < 0 < rows[5]["first_day"]


@pytest.mark.parametrize("classes", [2, 9])
def test_visso_is_told_apart_where_it_is_no_class(classes: int) -> None:
    rows = visso(time_bins(TABLE, CLASSES, classes, MAIN))
    own = TABLE.loc[TABLE["label"] == CLASSES.index("visso"), "start_time"]
    told = {"class": "Visso", "first": own.min(), "last": own.max()}
    assert rows == ([told] if classes == 2 else [])
    assert visso(time_bins(catalogue(20, 0, 20), CLASSES, 2, MAIN)) == []


@pytest.mark.parametrize(
    ("sizes", "classes", "said", "remedy"),
    [
        ((20, 0, 20), 9, "no event of visso", "MC2_catalog_visso.hdf5"),
        ((20, 0, 20), 9, "no event of visso", "dataframe_visso_MC2.csv"),
        ((20, 5, 0), 2, "no event of post", "fewer classes"),
        ((3, 5, 20), 8, "too few", "fewer classes"),
        ((20, 5, 20), 1, "too few", "dataset.num_classes=2 or more"),
        ((20, 5, 20), 0, "too few", "dataset.num_classes=2 or more"),
    ],
)
def test_classes_that_cannot_be_filled_are_refused(
    sizes: tuple[int, int, int], classes: int, said: str, remedy: str
) -> None:
    with pytest.raises(Refused, match=said) as refused:
        time_bins(catalogue(*sizes).assign(station="MC2"), CLASSES, classes, MAIN)
    assert remedy in refused.value.remedy


def test_stored_labels_are_left_as_they_are() -> None:
    made = as_stored(TABLE, CLASSES)
    assert made.table is TABLE
    assert made.classes == CLASSES


def test_a_split_by_time_needs_times() -> None:
    with pytest.raises(Refused, match="start time"):
        split(TABLE.drop(columns="start_time"))


@pytest.mark.parametrize("time", ["yesterday or so", ""])
def test_a_main_shock_that_is_no_time_is_refused(time: str) -> None:
    with pytest.raises(Refused, match="not a time"):
        time_bins(TABLE, CLASSES, 2, time)


def test_a_main_shock_may_name_its_zone() -> None:
    local = time_bins(TABLE, CLASSES, 2, "2016-10-30T07:40:17.32+01:00").table
    assert local["ttf_seconds"].equals(time_bins(TABLE, CLASSES, 2, MAIN).table["ttf_seconds"])
