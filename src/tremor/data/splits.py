"""Who trains, who validates, who tests: by group, so that one event is never on two sides.

Every split is a function with one signature, chosen by `dataset.event_split_method`, and gives one
word for each row of the table: train, val, test, unused, or purged (too near to a test event).
"""

from __future__ import annotations

from functools import wraps
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

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
    rng = np.random.default_rng(seed)
    parts: dict[str, str] = {}
    for _, members in _groups(table).groupby(_groups(table)):
        order = rng.permutation(len(members))
        parts |= _dealt(members.index.to_numpy()[order], train_frac, val_ratio, test_ratio)
    return _spread(table, parts)


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
    groups = _groups(table)
    _enough(groups, n_folds)
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(groups, groups)
    rest, _ = list(folds)[fold or 0]
    names = groups.index.to_numpy()
    parts = random(
        table[table["group"].isin(names[rest])],
        train_frac=train_frac,
        val_ratio=val_ratio,
        test_ratio=0.0,
        fold=None,
        n_folds=n_folds,
        purge_hours=purge_hours,
        seed=seed,
    )
    return parts.reindex(table.index, fill_value="test")


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
    for number, names in enumerate(_in_time(table)):
        n_test, n_val = int(len(names) * test_ratio), int(len(names) * val_ratio)
        first = (len(names) - n_test - n_val) // 2
        middle = names[first : first + n_val + n_test]
        edges = np.setdiff1d(names, middle)
        chosen = np.random.default_rng((seed, number)).permutation(edges)
        wanted = min(max(1, round(len(edges) * share)), len(edges))
        words = ["train"] * wanted + ["unused"] * (len(edges) - wanted)
        parts |= dict(zip(chosen, words, strict=True))
        parts |= dict(zip(middle, ["val"] * n_val + ["test"] * n_test, strict=True))
    return _purged(table, _spread(table, parts), purge_hours)


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
    for names in _in_time(table):
        n = len(names)
        edge = int(int(n * round(share, 9)) / 2)
        n_val, n_test = int(n * val_ratio), int(n * test_ratio)
        words = ["train"] * edge + ["val"] * n_val + ["test"] * n_test
        words += ["unused"] * (n - len(words) - edge) + ["train"] * edge
        parts |= dict(zip(names, words, strict=True))
    return _purged(table, _spread(table, parts), purge_hours)


def _purged(table: pd.DataFrame, parts: pd.Series[str], hours: float) -> pd.Series[str]:
    """Without the training records that begin within so many hours of a test record."""
    if not hours or not (parts == "test").any():
        return parts
    start = _times(table)
    tests = np.sort(start[parts == "test"])
    after = np.searchsorted(tests, start)
    ahead = tests[after.clip(max=len(tests) - 1)] - start
    behind = start - tests[(after - 1).clip(min=0)]
    apart = pd.Series(np.minimum(np.abs(ahead), np.abs(behind)), table.index)
    near, train = apart < pd.Timedelta(round(hours * 3600), "s"), parts == "train"
    if not near[train].groupby(table["label"]).all().any():
        return parts.mask(train & near, "purged")
    most = apart[train].groupby(table["label"]).max().min() // pd.Timedelta(6, "min")
    best = most // 10 if most >= 10 else most / 10
    raise Refused(
        f"purge_hours={hours:g} leaves a class without a training event",
        "dataset.purge_hours",
        f"dataset.purge_hours={best:g} is the most that leaves each class one, or fewer classes",
    )


def _times(table: pd.DataFrame) -> NDArray[np.datetime64]:
    """When each record starts (UTC)."""
    if "start_time" not in table or not table["start_time"].astype(bool).all():
        raise Refused(
            "a split by time needs the start time of every record",
            "dataset.event_split_method",
            "dataset.event_split_method=stratified",
        )
    stamps = pd.to_datetime(table["start_time"], format="ISO8601", utc=True)
    return stamps.dt.tz_localize(None).to_numpy("datetime64[ns]")


def _in_time(table: pd.DataFrame) -> list[NDArray[np.object_]]:
    """The groups of each class in order of the time that they begin."""
    begun = table.assign(begun=_times(table)).groupby("group")["begun"].min()
    groups = _groups(table)
    by_class = groups.groupby(groups)
    return [
        begun[members.index].sort_values(kind="stable").index.to_numpy() for _, members in by_class
    ]


def _groups(table: pd.DataFrame) -> pd.Series[int]:
    """Each group's class: the most frequent label of its records; groups in order of name."""
    counts = pd.crosstab(table["group"], table["label"])
    return counts.idxmax(axis=1).sort_index()


def _enough(groups: pd.Series[int], n_folds: int) -> None:
    smallest = int(groups.value_counts().min())
    if smallest < n_folds:
        raise Refused(
            f"fewer events than folds: the smallest class has {smallest} events, n_folds={n_folds}",
            "dataset.n_folds",
            f"dataset.n_folds={max(smallest, 2)}" if smallest > 1 else "more events",
        )


def _dealt(
    names: NDArray[np.object_], train_frac: float | None, val_ratio: float, test_ratio: float
) -> dict[str, str]:
    """Deal an ordered list of groups: test first, then validation, then training.

    Test and validation stay the same groups whatever `train_frac` is, and a smaller training
    share is part of a larger one.
    """
    n = len(names)
    n_test, n_val = round(n * test_ratio), round(n * val_ratio)
    n_train = n - n_test - n_val
    if train_frac is not None:
        n_train = min(n_train, max(1, round(n * train_frac)))
    words = ["test"] * n_test + ["val"] * n_val + ["train"] * n_train
    return dict(zip(names, words + ["unused"] * (n - len(words)), strict=True))


def _spread(table: pd.DataFrame, parts: dict[str, str]) -> pd.Series[str]:
    return table["group"].map(parts)
