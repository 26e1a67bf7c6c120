"""Folds by event and by station: nobody on two sides, each tested once, hours kept apart."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tremor.data import splits
from tremor.data.parts import refuse_empty
from tremor.errors import Refused

SETTINGS: dict[str, Any] = {
    "train_frac": None,
    "val_ratio": 0.15,
    "test_ratio": 0.3,
    "fold": 0,
    "n_folds": 5,
    "purge_hours": 0.0,
    "seed": 0,
}
STATIONS = ("AAA", "BBB", "CCC", "DDD")


def world(
    events: int = 60, days: int = 40, seed: int = 0, classes: int = 4, seen_by: int = 2
) -> pd.DataFrame:
    """Earthquakes that up to `seen_by` stations saw, and quiet station-days of four windows."""
    rng = np.random.default_rng(seed)
    rows = []
    sizes = np.sort(rng.integers(1, classes, events))
    sizes[: 2 * (classes - 1)] = np.repeat(np.arange(1, classes), 2)  # two events of each at least
    for number, size in enumerate(sizes):
        hour = int(rng.integers(0, 24 * 365))
        for station in rng.choice(STATIONS, rng.integers(1, seen_by + 1), replace=False):
            at = (int(size), int(rng.integers(1, 9)))
            rows.append((f"e{number:03}", station, hour, *at))
    for _ in range(days):
        station, day = rng.choice(STATIONS), int(rng.integers(0, 365))
        name = f"{station}_{day:03}"
        rows += [(name, station, 24 * day + 6 * k, 0, 0) for k in range(4)]
    table = pd.DataFrame(
        rows, columns=["group", "station", "hour", "label_magnitude", "label_azimuth"]
    ).drop_duplicates(["group", "station", "hour"], ignore_index=True)
    begun = pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(table["hour"], unit="h")
    names = [f"r{i:04}" for i in range(len(table))]
    known = {"record_id": names, "label": table["label_magnitude"]}
    return table.assign(**known, start_time=begun.dt.strftime("%Y-%m-%dT%H:%M:%SZ"))


def split(method: Any, table: pd.DataFrame, **changes: Any) -> pd.Series:
    return method(table, **(SETTINGS | changes))


def sides(table: pd.DataFrame, parts: pd.Series) -> pd.Series:
    used = parts.isin(["train", "val", "test"])
    return parts[used].groupby(table.loc[used, "group"]).nunique()


@settings(max_examples=12)
@given(st.integers(40, 120), st.integers(10, 60), st.integers(2, 10), st.integers(0, 99))
def test_each_event_tests_once_and_is_on_one_side(
    events: int, days: int, n_folds: int, seed: int
) -> None:
    table = world(events, days, seed)
    tested = np.zeros(len(table), int)
    for fold in range(n_folds):
        parts = split(splits.leave_event_out, table, fold=fold, n_folds=n_folds, seed=seed)
        assert parts.index.equals(table.index)
        assert set(parts) == {"train", "val", "test"}
        assert (sides(table, parts) == 1).all()
        refuse_empty(parts, table)
        tested += (parts == "test").to_numpy()
    assert (tested == 1).all()


@settings(max_examples=12)
@given(st.integers(30, 90), st.integers(2, 10), st.integers(0, 99))
def test_folds_have_even_shares_of_each_class_however_rare(
    events: int, n_folds: int, seed: int
) -> None:
    table = world(events, 30, seed)
    groups = table.drop_duplicates("group").set_index("group")["label"]
    shares = []
    for fold in range(n_folds):
        parts = split(splits.leave_event_out, table, fold=fold, n_folds=n_folds, seed=seed)
        shares.append(groups[table.loc[parts == "test", "group"].unique()].value_counts())
    counts = pd.concat(shares, axis=1).fillna(0)
    assert (counts.max(axis=1) - counts.min(axis=1) <= 1).all()
    assert counts.sum().max() - counts.sum().min() <= 1


def test_three_large_events_in_ten_folds_are_enough() -> None:
    label = [0] * 30 + [1] * 20 + [2] * 3
    rows = {"group": [f"g{i:02}" for i in range(53)], "label": label}
    table = pd.DataFrame(rows | {"record_id": rows["group"]})
    for fold in range(10):
        parts = split(splits.leave_event_out, table, fold=fold, n_folds=10)
        assert set(table.loc[parts == "train", "label"]) == {0, 1, 2}
        assert set(table.loc[parts == "val", "label"]) == {0, 1, 2}


def test_other_heads_are_spread_within_a_class() -> None:
    """Forty events of one class to eight directions: each fold of five tests each direction."""
    names = [f"g{i:02}" for i in range(60)]
    table = pd.DataFrame({"group": names, "label": [1] * 40 + [0] * 20})
    table["label_azimuth"] = [1 + i % 8 for i in range(40)] + [0] * 20
    for fold in range(5):
        tests = table[split(splits.leave_event_out, table, fold=fold) == "test"]
        assert tests["label_azimuth"].value_counts().to_dict() == {0: 4} | dict.fromkeys(
            range(1, 9), 1
        )


@pytest.mark.parametrize(
    ("labels", "n_folds", "said"),
    [
        ([0, 0, 1, 1], 5, "more folds than events: n_folds=5, 4 events"),
        ([0, 0, 0, 1], 3, r"a single event \(number 1"),
    ],
)
def test_what_cannot_be_dealt_is_refused(labels: list[int], n_folds: int, said: str) -> None:
    table = pd.DataFrame({"group": list("abcd"), "label": labels})
    for fold in range(3):
        with pytest.raises(Refused, match=said):
            split(splits.leave_event_out, table, fold=fold, n_folds=n_folds)


def test_the_seed_decides_and_a_smaller_training_share_nests() -> None:
    table = world()
    whole = split(splits.leave_event_out, table)
    assert whole.equals(split(splits.leave_event_out, table))
    assert not whole.equals(split(splits.leave_event_out, table, seed=1))
    few = split(splits.leave_event_out, table, train_frac=0.3)
    for fixed in ("test", "val"):
        assert ((few == fixed) == (whole == fixed)).all()
    assert set(table.index[few == "train"]) < set(table.index[whole == "train"])


@settings(max_examples=12)
@given(st.integers(0, 99), st.integers(1, 4))
def test_each_station_tests_once_and_what_it_saw_is_purged(seed: int, alone: int) -> None:
    table = world(120, 60, seed)
    n_folds = alone
    if n_folds == 1:
        n_folds = len(STATIONS)
    tested = np.zeros(len(table), int)
    for fold in range(n_folds):
        parts = split(splits.leave_station_out, table, fold=fold, n_folds=n_folds, seed=seed)
        assert (sides(table, parts) == 1).all()
        tests = table[parts == "test"]
        assert (parts[table["station"].isin(tests["station"])] == "test").all()
        seen = table["group"].isin(tests["group"]) & ~table["station"].isin(tests["station"])
        assert (parts[seen] == "purged").all()
        assert not (parts[~seen] == "purged").any()
        tested += (parts == "test").to_numpy()
    assert (tested == 1).all()


def test_the_largest_stations_test_alone_and_the_others_together() -> None:
    sizes = {"SML": 4, "BIG": 40, "MID": 20, "TNY": 4}
    station = np.repeat(list(sizes), list(sizes.values()))
    table = pd.DataFrame({"station": station, "label": np.arange(68) % 2})
    table["group"] = [f"g{i}" for i in range(68)]
    found = [
        set(table.loc[split(splits.leave_station_out, table, fold=k, n_folds=3) == "test"].station)
        for k in range(3)
    ]
    assert found == [{"BIG"}, {"MID"}, {"SML", "TNY"}]
    with pytest.raises(Refused, match="n_folds=5, stations BIG, MID, SML, TNY") as refused:
        split(splits.leave_station_out, table)
    assert refused.value.remedy == "dataset.n_folds=4"


def test_stations_that_saw_a_class_alone_or_have_no_name_are_refused() -> None:
    table = world()
    table.loc[table["label"] == 3, "station"] = "AAA"
    ranked = table["station"].value_counts().index
    with pytest.raises(Refused, match="number 3"):
        split(splits.leave_station_out, table, fold=list(ranked).index("AAA"), n_folds=4)
    for without in (table.drop(columns="station"), table.assign(station="")):
        with pytest.raises(Refused, match="needs the station of every record"):
            split(splits.leave_station_out, without, n_folds=2)


@pytest.mark.parametrize("method", [splits.leave_event_out, splits.leave_station_out])
@settings(max_examples=12)
@given(hours=st.sampled_from([1.0, 6.0, 20.0]), seed=st.integers(0, 30))
def test_the_embargo_keeps_hours_between_all_three_parts(
    method: Any, hours: float, seed: int
) -> None:
    table = world(90, 30, seed)
    free = split(method, table, n_folds=4, seed=seed)
    kept = split(method, table, n_folds=4, seed=seed, purge_hours=hours)
    start = pd.to_datetime(table["start_time"]).to_numpy()
    for near, far in (("test", "train"), ("test", "val"), ("val", "train")):
        apart = np.abs(start[kept == near][:, None] - start[kept == far][None])
        assert apart.min() >= np.timedelta64(round(hours * 3600), "s")
    assert ((kept == "test") == (free == "test")).all()
    changed = kept != free
    assert (kept[changed] == "purged").all()


def test_only_what_is_near_is_purged() -> None:
    start = ["2020-01-01", "2020-01-01T12:00", "2020-02-01", "2020-02-01T12:00", "2020-03-01"]
    start += ["2020-03-01T12:00", "2020-04-01", "2020-04-02T01:00", "2020-05-01", "2020-06-01"]
    names = [f"g{i}" for i in range(10)]
    table = pd.DataFrame({"group": names, "label": [0, 1] * 5, "start_time": start})
    free = split(splits.leave_event_out, table)
    kept = split(splits.leave_event_out, table, purge_hours=24.0)
    begun = pd.to_datetime(table["start_time"], format="ISO8601")
    for row in table.index[kept == "train"]:
        others = begun[(kept == "test") | (kept == "val")]
        assert (others - begun[row]).abs().min() >= pd.Timedelta("24h")
    assert {"g8", "g9"}.isdisjoint(table.loc[kept == "purged", "group"])
    assert set(free) == {"train", "val", "test"}


def test_an_embargo_that_leaves_nothing_names_one_that_does() -> None:
    table = world(60, 40)
    with pytest.raises(Refused, match="purge_hours=2000 leaves a class") as refused:
        split(splits.leave_event_out, table, purge_hours=2000.0)
    best = float(refused.value.remedy.partition("=")[2].partition(",")[0])
    assert best > 0
    refuse_empty(split(splits.leave_event_out, table, purge_hours=best), table)


def test_an_embargo_needs_times() -> None:
    with pytest.raises(Refused, match="needs the start time of every record"):
        split(splits.leave_event_out, world().drop(columns="start_time"), purge_hours=1.0)
