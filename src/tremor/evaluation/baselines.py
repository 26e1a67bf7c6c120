"""The leak alarms: what a constant, the rendering alone, or the metadata alone would reach.

Where both tables have a column `judged_fold`, the records of a fold are predicted from the training
records of that fold; a record that trains in several folds has a row for each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from tremor.evaluation.metrics import Index

Mask = NDArray[np.bool_]
Rule = Callable[[pd.DataFrame, pd.DataFrame], Index]
FOLD = "judged_fold"
EPOCH = pd.Timestamp("1970-01-01", tz="UTC")
RENDERED = {"level_": "overall amplitude of each channel", "mean_": "mean colour of each channel"}
"""Columns of how a record is drawn or scaled, by how they begin, and what they tell."""


def majority(train: pd.DataFrame, table: pd.DataFrame) -> Index:
    """The most frequent class of the training records, for every record `(record,)`."""
    return _by_fold(lambda ours, rows: np.full(len(rows), _commonest(ours)), train, table)


def two_rules(train: pd.DataFrame, table: pd.DataFrame) -> Index | str:
    """The background (class 0) where it is told so, else the most frequent class that is not.

    It is told the truth of what is background, and nothing more. Or why there is no such class.
    """
    if not all((ours["label"] > 0).any() for _, ours in folds(train, table)):
        return "no training record is anything but background"

    def rule(ours: pd.DataFrame, rows: pd.DataFrame) -> Index:
        other = _commonest(ours[ours["label"] > 0])
        return np.where(rows["label"] == 0, 0, other).astype(np.int64)

    return _by_fold(rule, train, table)


def level(train: pd.DataFrame, table: pd.DataFrame) -> Index | str:
    """From how records are rendered (`level_*`, log10 RMS; `mean_*`, mean colour); or why not.

    Levels are of whole records: where the column `seen` says that the network had only the noise
    before P, they are no alarm.
    """
    columns = rendered(table)
    if isinstance(columns, str):
        return columns
    return _by_fold(partial(_fitted, quadratic(), columns), train, table)


def rendered(table: pd.DataFrame) -> list[str] | str:
    """The columns that tell how records are rendered, or why they are no alarm."""
    columns = [str(c) for c in table.columns if c.startswith(tuple(RENDERED))]
    if "seen" in table and (table["seen"] == "noise").any():
        return "not what this network sees: levels are of whole records, it has the noise before P"
    return columns or "the records have no level_* columns"


def quadratic() -> Any:
    """Logistic regression on columns, their squares and products."""
    steps = (StandardScaler(), PolynomialFeatures(2), LogisticRegression(max_iter=2000))
    return make_pipeline(*steps)


def level_sees(table: pd.DataFrame) -> str:
    """What the columns of `level` tell, in words."""
    starts = [s for s in RENDERED if any(c.startswith(s) for c in table.columns)]
    return " and ".join(RENDERED[s] for s in starts)


def metadata(
    train: pd.DataFrame, table: pd.DataFrame, without: Set[str] = frozenset()
) -> Iterator[tuple[tuple[str, ...], Index]]:
    """From station, hour, month, day and magnitude, where known: each alone, then all at once."""
    features, judged = known_metadata(train), known_metadata(table)
    known = [str(c) for c in features if c in judged and c not in without]
    columns = [c for c in known if features[c].nunique() > 1]
    sets = [[c] for c in columns] + ([columns] if len(columns) > 1 else [])
    pairs = ((features, train), (judged, table))
    ours, rows = (pd.concat([f, t.filter(["label", FOLD])], axis=1) for f, t in pairs)
    for chosen in sets:
        yield tuple(chosen), _by_fold(partial(_boosted, chosen), ours, rows)


def _boosted(columns: Sequence[str], ours: pd.DataFrame, rows: pd.DataFrame) -> Index:
    return _fitted(boosted(len(ours)), columns, ours, rows)


def boosted(records: int) -> Any:
    """Boosted trees, whose leaves are small where there is little to learn from."""
    smallest = max(1, min(20, records // 10))
    return HistGradientBoostingClassifier(
        max_iter=60, min_samples_leaf=smallest, early_stopping=False, random_state=0
    )


def _fitted(model: Any, columns: Sequence[str], ours: pd.DataFrame, rows: pd.DataFrame) -> Index:
    """What a classifier says from some columns; of one class alone there is nothing to learn."""
    if ours["label"].nunique() == 1:
        return np.full(len(rows), _commonest(ours))
    return np.asarray(model.fit(ours[columns], ours["label"]).predict(rows[columns]), np.int64)


def _by_fold(rule: Rule, train: pd.DataFrame, table: pd.DataFrame) -> Index:
    """What a rule says of each record, learnt from the training records of its fold."""
    said = np.empty(len(table), np.int64)
    for inside, ours in folds(train, table):
        said[inside] = rule(ours, table[inside])
    return said


def folds(train: pd.DataFrame, table: pd.DataFrame) -> Iterator[tuple[Mask, pd.DataFrame]]:
    """Which records are judged in each fold, and what it trained on; all at once without folds."""
    if FOLD not in table or FOLD not in train:
        yield np.ones(len(table), np.bool_), train
        return
    for fold in table[FOLD].unique():
        yield (table[FOLD] == fold).to_numpy(), train[train[FOLD] == fold]


def _commonest(train: pd.DataFrame) -> int:
    return int(train["label"].mode()[0])


def known_metadata(table: pd.DataFrame) -> pd.DataFrame:
    """Those of station (as a number), hour, month, day and magnitude that the table has.

    The day counts from 1970, in all tables alike: a slow drift shows in it.
    """
    found = {}
    if "station" in table and table["station"].astype(bool).any():
        found["station"] = table["station"].map(code_of)
    if "start_time" in table and table["start_time"].astype(bool).any():
        time = pd.to_datetime(table["start_time"], format="ISO8601", utc=True)
        found |= {"hour": time.dt.hour.astype(float), "month": time.dt.month.astype(float)}
        found["day"] = (time - EPOCH).dt.days.astype(float)
    if "magnitude" in table and table["magnitude"].notna().any():
        found["magnitude"] = table["magnitude"].astype(float)
    return pd.DataFrame(found, index=table.index)


def code_of(name: str) -> float:
    """A station's name as a number that does not depend on which stations there are."""
    return float(int.from_bytes(name.encode()[:6], "big"))
