"""Splits: one event on one side, shares kept, test and validation unmoved by the training share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tremor.data import splits
from tremor.data.parts import refuse_empty, refuse_untrained
from tremor.errors import Refused

METHODS = (splits.random, splits.kfold)
SETTINGS: dict[str, Any] = {
    "train_frac": None,
    "val_ratio": 0.1,
    "test_ratio": 0.3,
    "fold": None,
    "n_folds": 5,
    "purge_hours": 0.0,
    "seed": 0,
}


def table(groups: int, classes: int = 2, windows: int = 3, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(groups), rng.integers(1, windows + 1, groups))
    frame = {"record_id": np.arange(len(group)).astype(str), "group": group.astype(str)}
    return pd.DataFrame(frame | {"label": group % classes})


def split(method: Any, rows: pd.DataFrame, **changes: Any) -> pd.Series:
    fold = {"fold": 0} if method is splits.kfold else {}
    return method(rows, **(SETTINGS | fold | changes))


@pytest.mark.parametrize("method", METHODS)
@given(groups=st.integers(30, 90), classes=st.integers(2, 4), seed=st.integers(0, 99))
def test_no_event_is_on_two_sides_and_no_record_is_lost(
    method: Any, groups: int, classes: int, seed: int
) -> None:
    rows = table(groups, classes, seed=seed)
    parts = split(method, rows, seed=seed)
    assert parts.index.equals(rows.index)
    assert set(parts) <= {"train", "val", "test"}
    assert (parts.groupby(rows["group"]).nunique() == 1).all()


def test_shares_are_of_events() -> None:
    rows = table(200)
    events = rows.assign(part=split(splits.random, rows)).drop_duplicates("group")["part"]
    assert events.value_counts().to_dict() == {"train": 120, "test": 60, "val": 20}


@pytest.mark.parametrize("method", ["random", "stratified"])
def test_random_keeps_the_mixture_by_either_name(method: str) -> None:
    rows = table(200, windows=1)
    parts = split(getattr(splits, method), rows)
    shares = pd.crosstab(parts, rows["label"], normalize="index")
    np.testing.assert_allclose(shares, 0.5)


def test_random_needs_no_classes() -> None:
    parts = split(splits.random, table(200, classes=1, windows=1))
    assert parts.value_counts().to_dict() == {"train": 120, "test": 60, "val": 20}


def test_a_fold_trains_on_all_that_it_leaves() -> None:
    assert "unused" not in set(split(splits.kfold, table(60)))


def test_test_events_stay_and_training_events_nest() -> None:
    rows = table(200)
    parts = {f: split(splits.random, rows, train_frac=f) for f in (0.05, 0.2, 0.6, None)}
    for few in (0.05, 0.2, 0.6):
        for fixed in ("test", "val"):
            assert ((parts[few] == fixed) == (parts[None] == fixed)).all()
        assert set(rows[parts[few] == "train"].index) <= set(rows[parts[None] == "train"].index)
    assert (parts[0.05] == "unused").any()
    assert (parts[0.6] == parts[None]).all()


def test_every_event_is_tested_in_exactly_one_fold() -> None:
    rows = table(60)
    tested = [split(splits.kfold, rows, fold=k) == "test" for k in range(5)]
    assert (sum(t.astype(int) for t in tested) == 1).all()


@pytest.mark.parametrize("method", METHODS)
def test_the_seed_decides(method: Any) -> None:
    rows = table(100)
    assert split(method, rows).equals(split(method, rows))
    assert not split(method, rows).equals(split(method, rows, seed=1))


def test_fewer_events_than_folds_are_refused() -> None:
    with pytest.raises(Refused, match="fewer events than folds: the smallest class has 3"):
        split(splits.kfold, table(6))


@pytest.mark.parametrize(
    ("parts", "said", "change"),
    [
        (["train", "train", "test"], "no record for val", "larger"),
        (["train", "val", "test"], "a class has no", "smaller"),
    ],
)
def test_a_split_that_cannot_teach_is_refused(parts: list[str], said: str, change: str) -> None:
    rows = pd.DataFrame({"group": list("abc"), "label": [0, 1, 1]})
    with pytest.raises(Refused, match=said) as refused:
        refuse_empty(pd.Series(parts), rows)
    assert f"{change} dataset.val_ratio" in refused.value.remedy


def test_every_record_tests_where_a_network_was_trained_elsewhere() -> None:
    rows = table(5)
    parts = split(splits.all_test, rows)
    assert parts.index.equals(rows.index)
    assert set(parts) == {"test"}
    refuse_empty(parts, rows)
    with pytest.raises(Refused, match="nothing to learn from") as told:
        refuse_untrained(parts)
    assert told.value.remedy == "dataset.event_split_method=stratified"
    refuse_untrained(split(splits.random, table(30)))
