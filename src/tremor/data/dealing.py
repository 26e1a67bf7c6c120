"""Groups of a table: the class of each, their order in time, how they are dealt."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.labels import label_columns
from tremor.errors import Refused

Names = NDArray[np.object_]


def groups_of(table: pd.DataFrame, column: str | None = None) -> pd.Series[int]:
    """Each group's class: the most frequent label of its records; groups in order of name.

    Where records may have several classes, it is what the table has for that: its `stratum`.
    """
    column = column or ("stratum" if "stratum" in table else "label")
    codes, names = pd.factorize(table["group"], sort=True)
    places, classes = pd.factorize(table[column], sort=True)
    pairs = (codes * len(classes) + places)[(codes >= 0) & (places >= 0)]
    counts = np.bincount(pairs, minlength=len(names) * len(classes))
    most = counts.reshape(len(names), len(classes)).argmax(axis=1)
    return pd.Series(np.asarray(classes)[most], index=pd.Index(names, name="group"))


def times(table: pd.DataFrame) -> NDArray[np.datetime64]:
    """When each record starts, `(record,)` in UTC."""
    if "start_time" not in table or not table["start_time"].astype(bool).all():
        raise Refused(
            "a split or an embargo by time needs the start time of every record",
            "dataset.event_split_method, dataset.purge_hours",
            "dataset.purge_hours=0, or dataset.event_split_method=stratified",
        )
    stamps = pd.to_datetime(table["start_time"], format="ISO8601", utc=True)
    return stamps.dt.tz_localize(None).to_numpy("datetime64[ns]")


def in_time(table: pd.DataFrame) -> list[Names]:
    """The groups of each class in order of the time that they begin."""
    begun = table.assign(begun=times(table)).groupby("group")["begun"].min()
    groups = groups_of(table)
    by_class = groups.groupby(groups)
    return [
        begun[members.index].sort_values(kind="stable").index.to_numpy() for _, members in by_class
    ]


def some_train(names: Names, share: float, seed: tuple[int, ...]) -> dict[str, str]:
    """Which of these groups train: a share of them, one at least, drawn at random.

    With one seed a smaller share is part of a larger one; the others are unused.
    """
    chosen = np.random.default_rng(seed).permutation(names)
    wanted = min(max(1, round(len(names) * share)), len(names))
    words = ["train"] * wanted + ["unused"] * (len(names) - wanted)
    return dict(zip(chosen, words, strict=True))


def dealt_at_random(
    table: pd.DataFrame,
    train_frac: float | None,
    val_ratio: float,
    test_ratio: float,
    seed: int,
    least: int = 0,
) -> pd.Series[str]:
    """Groups at random within each class; `least` of a class validate, where one is left to train.

    Test and validation stay the same groups whatever `train_frac` is, and a smaller training
    share is part of a larger one.
    """
    rng = np.random.default_rng(seed)
    parts: dict[str, str] = {}
    groups = groups_of(table)
    for _, members in groups.groupby(groups):
        names = members.index.to_numpy()[rng.permutation(len(members))]
        n_test, n_val = round(len(names) * test_ratio), round(len(names) * val_ratio)
        n_val = min(max(n_val, least), len(names) - n_test - 1) if least else n_val
        parts |= _dealt(names, train_frac, n_test, n_val)
    return spread(table, parts)


def _dealt(names: Names, train_frac: float | None, n_test: int, n_val: int) -> dict[str, str]:
    """Deal an ordered list of groups: test first, then validation, then training."""
    n = len(names)
    n_train = n - n_test - n_val
    if train_frac is not None:
        n_train = min(n_train, max(1, round(n * train_frac)))
    words = ["test"] * n_test + ["val"] * n_val + ["train"] * n_train
    return dict(zip(names, words + ["unused"] * (n - len(words)), strict=True))


def folds_of(table: pd.DataFrame, n_folds: int, seed: int) -> pd.Series[int]:
    """Each group's fold: dealt one after another in order of class, at random within each.

    So the share that each fold has of a class differs by one group at most, whole folds too. Where
    several heads are asked, groups of one class are in order of the other heads' answers, so that
    these are spread as evenly as that allows.
    """
    known = [c for c in label_columns(table) if pd.api.types.is_integer_dtype(table[c])]
    answers = pd.DataFrame({c: groups_of(table, c) for c in known})
    shuffled = answers.iloc[np.random.default_rng((seed, 11)).permutation(len(answers))]
    ordered = shuffled.iloc[np.lexsort([shuffled[c] for c in reversed(known)])]
    return pd.Series(np.arange(len(ordered)) % n_folds, index=ordered.index)


def spread(table: pd.DataFrame, parts: dict[str, str]) -> pd.Series[str]:
    """What each group was dealt, for its records."""
    return table["group"].map(parts)
