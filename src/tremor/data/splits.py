"""Who trains, who validates, who tests: by group, so that one event is never on two sides.

Every split is a function with one signature, chosen by `dataset.event_split_method`, and gives one
word for each row of the table: train, val, test or unused.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from tremor.errors import Refused

PARTS = ("train", "val", "test")


def random(
    table: pd.DataFrame,
    *,
    train_frac: float | None,
    val_ratio: float,
    test_ratio: float,
    fold: int | None,
    n_folds: int,
    seed: int,
) -> pd.Series[str]:
    """Groups at random, whatever their class."""
    groups = _groups(table)
    order = np.random.default_rng(seed).permutation(len(groups))
    parts = _dealt(groups.index.to_numpy()[order], train_frac, val_ratio, test_ratio)
    return _spread(table, parts)


def stratified(
    table: pd.DataFrame,
    *,
    train_frac: float | None,
    val_ratio: float,
    test_ratio: float,
    fold: int | None,
    n_folds: int,
    seed: int,
) -> pd.Series[str]:
    """Groups at random within each class, so that every part has the same mixture."""
    rng = np.random.default_rng(seed)
    parts: dict[str, str] = {}
    for _, members in _groups(table).groupby(_groups(table)):
        order = rng.permutation(len(members))
        parts |= _dealt(members.index.to_numpy()[order], train_frac, val_ratio, test_ratio)
    return _spread(table, parts)


def kfold(
    table: pd.DataFrame,
    *,
    train_frac: float | None,
    val_ratio: float,
    test_ratio: float,
    fold: int | None,
    n_folds: int,
    seed: int,
) -> pd.Series[str]:
    """Fold `fold` of `n_folds` tests (instead of `test_ratio`), the rest trains and validates."""
    groups = _groups(table)
    _enough(groups, n_folds)
    folds = StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(groups, groups)
    rest, _ = list(folds)[fold or 0]
    names = groups.index.to_numpy()
    parts = stratified(
        table[table["group"].isin(names[rest])],
        train_frac=train_frac,
        val_ratio=val_ratio,
        test_ratio=0.0,
        fold=None,
        n_folds=n_folds,
        seed=seed,
    )
    return parts.reindex(table.index, fill_value="test")


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


def refuse_empty(parts: pd.Series[str], table: pd.DataFrame) -> None:
    """Every part needs records, and training needs every class."""
    empty = [name for name in PARTS if not (parts == name).any()]
    lacking = set(table["label"]) - set(table.loc[parts == "train", "label"])
    if empty or lacking:
        what = f"no record for {', '.join(empty)}" if empty else "a class has no training record"
        raise Refused(
            f"the split leaves {what}: {table['group'].nunique()} events are too few",
            "dataset.val_ratio, dataset.test_ratio",
            "more events, or larger dataset.val_ratio / dataset.test_ratio",
        )
