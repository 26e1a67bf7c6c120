"""Who trains, who validates, who tests: by group, so that one event is never on two sides.

Every split is a function with one signature, chosen by `dataset.event_split_method`, and gives one
word for each row of the table: train, val, test, unused, or purged (too near to a test event).
"""

from __future__ import annotations

from functools import wraps
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from tremor.data.dealing import (
    dealt_at_random,
    folds_of,
    groups_of,
    in_time,
    some_train,
    spread,
)
from tremor.data.embargo import embargoed, purged
from tremor.data.forward import time_forward as time_forward
from tremor.data.leaving_out import refuse_folds, refuse_untaught, stations_of_fold
from tremor.errors import Refused


def random(
    table: pd.DataFrame,
    *,
    train_frac: float | None,
    val_ratio: float,
    test_ratio: float,
    fold: int | None,
    n_folds: int,
    purge_hours: float,
    seed: int,
) -> pd.Series[str]:
    """Groups at random within each class, so that every part has the same mixture."""
    return dealt_at_random(table, train_frac, val_ratio, test_ratio, seed)


stratified = random  # its other name


@wraps(random, assigned=("__annotations__",))
def by_record(table: pd.DataFrame, **settings: Any) -> pd.Series[str]:
    """Records at random, whatever their event, as earlier studies had them: this leaks."""
    return random(table.assign(group=table["record_id"]), **settings)


@wraps(random, assigned=("__annotations__",))
def by_folder(table: pd.DataFrame, **settings: Any) -> pd.Series[str]:
    """The parts that the source's own folders make (column `folder`), whatever `test_ratio` is.

    Where none validates, `val_ratio` of the training groups do.
    """
    if "folder" not in table or not {"train", "test"} <= set(table["folder"]):
        raise Refused(
            "the records do not come from the two folders train and test",
            "dataset.event_split_method",
            "dataset.event_split_method=stratified",
        )
    folder = table["folder"]
    own: dict[str, Any] = {"test_ratio": 0.0, "fold": None}
    own |= {"val_ratio": 0.0} if (folder == "val").any() else {}
    parts = random(table[folder == "train"], **settings | own)
    return parts.reindex(table.index).fillna(folder)


@wraps(random, assigned=("__annotations__",))
def all_test(table: pd.DataFrame, **settings: Any) -> pd.Series[str]:
    """Every record tests, whatever the shares are: for a network that was trained elsewhere."""
    return pd.Series("test", table.index)


def kfold(
    table: pd.DataFrame,
    *,
    train_frac: float | None,
    val_ratio: float,
    test_ratio: float,
    fold: int | None,
    n_folds: int,
    purge_hours: float,
    seed: int,
) -> pd.Series[str]:
    """Fold `fold` of `n_folds` tests (instead of `test_ratio`), the rest trains and validates."""
    groups = groups_of(table)
    groups = _together(groups, n_folds) if "stratum" in table else groups
    _enough(groups, n_folds)
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(groups, groups)
    rest, _ = list(folds)[fold or 0]
    names = groups.index.to_numpy()
    kept = table[table["group"].isin(names[rest])]
    parts = dealt_at_random(kept, train_frac, val_ratio, 0.0, seed)
    return parts.reindex(table.index, fill_value="test")


def leave_event_out(
    table: pd.DataFrame,
    *,
    train_frac: float | None,
    val_ratio: float,
    test_ratio: float,
    fold: int | None,
    n_folds: int,
    purge_hours: float,
    seed: int,
) -> pd.Series[str]:
    """Fold `fold` of `n_folds` tests, with as even a share of each class as there can be.

    Of the events that are left, `val_ratio` validates: one of each class at least, where another
    is left to train. Training and validation records that begin within `purge_hours` of a test
    record, at any station, are left out.
    """
    groups = groups_of(table)
    refuse_folds(groups, n_folds, alone="stratum" in table)
    tests = table["group"].map(folds_of(table, n_folds, seed)) == (fold or 0)
    parts = dealt_at_random(table[~tests], train_frac, val_ratio, 0.0, seed, least=1)
    return embargoed(table, parts.reindex(table.index, fill_value="test"), purge_hours)


def leave_station_out(
    table: pd.DataFrame,
    *,
    train_frac: float | None,
    val_ratio: float,
    test_ratio: float,
    fold: int | None,
    n_folds: int,
    purge_hours: float,
    seed: int,
) -> pd.Series[str]:
    """Fold `fold` of `n_folds` tests: one of the stations with most records, the last all others.

    An event that a test station saw as well is left out of training and validation, which are
    made as in `leave_event_out`.
    """
    names = stations_of_fold(table, fold or 0, n_folds)
    tests = table["station"].isin(names)
    rest = ~table["group"].isin(table.loc[tests, "group"])
    refuse_untaught(table, rest, names)
    parts = pd.Series("purged", table.index).mask(tests, "test")
    parts[rest] = dealt_at_random(table[rest], train_frac, val_ratio, 0.0, seed, least=1)
    return embargoed(table, parts, purge_hours)


def temporal(
    table: pd.DataFrame,
    *,
    train_frac: float | None,
    val_ratio: float,
    test_ratio: float,
    fold: int | None,
    n_folds: int,
    purge_hours: float,
    seed: int,
) -> pd.Series[str]:
    """Within each class in order of time: the middle validates and tests, both edges train.

    Validation and test are the same events whatever `train_frac` and `seed` are; of the edges,
    `train_frac` takes a share at random, a smaller one part of a larger one; the full training
    share (or null) takes all. Training events within `purge_hours` of a test event are left out.
    """
    parts: dict[str, str] = {}
    share = 1.0 if train_frac is None else train_frac / (1 - val_ratio - test_ratio)
    for number, names in enumerate(in_time(table)):
        n_test, n_val = int(len(names) * test_ratio), int(len(names) * val_ratio)
        first = (len(names) - n_test - n_val) // 2
        middle = names[first : first + n_val + n_test]
        edges = np.setdiff1d(names, middle)
        parts |= some_train(edges, share, (seed, number))
        parts |= dict(zip(middle, ["val"] * n_val + ["test"] * n_test, strict=True))
    return purged(table, spread(table, parts), purge_hours)


def temporal_published(
    table: pd.DataFrame,
    *,
    train_frac: float | None,
    val_ratio: float,
    test_ratio: float,
    fold: int | None,
    n_folds: int,
    purge_hours: float,
    seed: int,
) -> pd.Series[str]:
    """The earlier studies' edges and middle, so that their numbers can be compared.

    Algorithm and counts are theirs to the letter; the events that make classes equal in number are
    drawn by our own `dataset.label_seed`. The test window moves with `train_frac`, and a tiny one
    would train on the test events: a fraction below the full training share is refused.
    """
    full = 1 - val_ratio - test_ratio
    share = full if train_frac is None else train_frac
    if round(share, 9) < round(full, 9):
        raise Refused(
            f"the published split moves its test events with train_frac={train_frac}",
            "dataset.event_split_method",
            "dataset.event_split_method=temporal keeps them",
        )
    parts: dict[str, str] = {}
    for names in in_time(table):
        n = len(names)
        edge = int(int(n * round(share, 9)) / 2)
        n_val, n_test = int(n * val_ratio), int(n * test_ratio)
        words = ["train"] * edge + ["val"] * n_val + ["test"] * n_test
        words += ["unused"] * (n - len(words) - edge) + ["train"] * edge
        parts |= dict(zip(names, words, strict=True))
    return purged(table, spread(table, parts), purge_hours)


def _together(groups: pd.Series[int], n_folds: int) -> pd.Series[int]:
    """Strata of fewer groups than folds as one, with the smallest other if that is too few.

    Strata are only to be shared out evenly: what a fold then cannot learn is refused by its name.
    """
    rare = groups.map(groups.value_counts()) < n_folds
    if 0 < rare.sum() < n_folds and not rare.all():
        rare |= groups == groups[~rare].value_counts().idxmin()
    return groups.mask(rare, -1)


def _enough(groups: pd.Series[int], n_folds: int) -> None:
    smallest = int(groups.value_counts().min())
    if smallest < n_folds:
        raise Refused(
            f"fewer events than folds: the smallest class has {smallest} events, n_folds={n_folds}",
            "dataset.n_folds",
            f"dataset.n_folds={max(smallest, 2)}" if smallest > 1 else "more events",
        )
