"""The split forward in time: the past trains, the future tests, whatever the seed."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from tremor.data import splits
from tremor.errors import Refused

SETTINGS: dict[str, Any] = {
    "train_frac": None,
    "val_ratio": 0.1,
    "test_ratio": 0.3,
    "fold": None,
    "n_folds": 5,
    "purge_hours": 0.0,
    "seed": 0,
}


def table(events: int = 40) -> pd.DataFrame:
    """Two classes in turn, an event a day, two records each, in another order than time."""
    day = pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(range(events), unit="D")
    rows = pd.DataFrame({"group": [f"e{n:02}" for n in range(events)], "start_time": day})
    rows = rows.assign(label=[n % 2 for n in range(events)])
    rows["start_time"] = rows["start_time"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    both = pd.concat([rows, rows], ignore_index=True).sample(frac=1, random_state=0)
    return both.assign(record_id=range(len(both))).reset_index(drop=True)


def parts(rows: pd.DataFrame, **changes: Any) -> pd.Series[str]:
    return splits.time_forward(rows, **(SETTINGS | changes))


def test_what_tests_comes_after_all_that_trained_of_its_class() -> None:
    rows = table()
    rows["part"] = parts(rows)
    assert rows["part"].value_counts().to_dict() == {"train": 48, "test": 24, "val": 8}
    for _, own in rows.groupby("label"):
        ends = own.groupby("part")["start_time"].agg(["min", "max"])
        assert ends.loc["train", "max"] < ends.loc["val", "min"]
        assert ends.loc["val", "max"] < ends.loc["test", "min"]
    assert rows.groupby("group")["part"].nunique().max() == 1


def test_test_stays_and_smaller_training_sets_nest() -> None:
    rows = table()
    whole, half, other = parts(rows), parts(rows, train_frac=0.3), parts(rows, seed=5)
    assert ((whole == "test") == (half == "test")).all()
    assert (whole == other).all()
    assert set(rows.index[half == "train"]) < set(rows.index[whole == "train"])
    assert (half == "unused").sum() == 24


def test_hours_keep_the_border_apart_and_times_are_needed() -> None:
    rows = table()
    purged = parts(rows, val_ratio=0.0, purge_hours=60.0)
    lost = rows[purged == "purged"]
    assert sorted(lost["group"].unique()) == ["e26", "e27"]
    with pytest.raises(Refused, match="start time of every record"):
        parts(rows.assign(start_time=""))
