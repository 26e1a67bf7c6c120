"""The leak alarms: what a constant, the amplitude alone, or the metadata alone would reach."""

from __future__ import annotations

from collections.abc import Iterator, Set

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

from tremor.evaluation.metrics import Index


def majority(train: pd.DataFrame, table: pd.DataFrame) -> Index:
    """The most frequent class of the training records, for every record."""
    return np.full(len(table), int(train["label"].mode()[0]))


def level(train: pd.DataFrame, table: pd.DataFrame) -> Index | str:
    """From the overall amplitude of each channel (`level_*`, log10 RMS); or why not.

    Levels are of whole records: where the column `seen` says that the network had only the noise
    before P, they are no alarm.
    """
    columns = [c for c in table.columns if c.startswith("level_")]
    if "seen" in table and (table["seen"] == "noise").any():
        return "not what this network sees: levels are of whole records, it has the noise before P"
    if not columns:
        return "the records have no level_* columns"
    steps = (StandardScaler(), PolynomialFeatures(2), LogisticRegression(max_iter=2000))
    model = make_pipeline(*steps).fit(train[columns], train["label"])
    return np.asarray(model.predict(table[columns]), np.int64)


def metadata(
    train: pd.DataFrame, table: pd.DataFrame, without: Set[str] = frozenset()
) -> Iterator[tuple[tuple[str, ...], Index]]:
    """From station, hour, month and magnitude, where known: each alone, then all together."""
    features, judged = known_metadata(train), known_metadata(table)
    known = [str(c) for c in features if c in judged and c not in without]
    columns = [c for c in known if features[c].nunique() > 1]
    sets = [[c] for c in columns] + ([columns] if len(columns) > 1 else [])
    for chosen in sets:
        smallest = max(1, min(20, len(train) // 10))
        model = HistGradientBoostingClassifier(
            max_iter=60, min_samples_leaf=smallest, early_stopping=False, random_state=0
        )
        model.fit(features[chosen], train["label"])
        yield tuple(chosen), np.asarray(model.predict(judged[chosen]), np.int64)


def known_metadata(table: pd.DataFrame) -> pd.DataFrame:
    """Those of station (as a number), hour, month and magnitude that the table has."""
    found = {}
    if "station" in table and table["station"].astype(bool).any():
        found["station"] = table["station"].map(_code)
    if "start_time" in table and table["start_time"].astype(bool).any():
        time = pd.to_datetime(table["start_time"], format="ISO8601", utc=True)
        found |= {"hour": time.dt.hour.astype(float), "month": time.dt.month.astype(float)}
    if "magnitude" in table and table["magnitude"].notna().any():
        found["magnitude"] = table["magnitude"].astype(float)
    return pd.DataFrame(found, index=table.index)


def _code(name: str) -> float:
    """A station's name as a number that does not depend on which stations there are."""
    return float(int.from_bytes(name.encode()[:6], "big"))
