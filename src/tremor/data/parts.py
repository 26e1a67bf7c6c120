"""The parts that a split makes."""

from __future__ import annotations

import pandas as pd

from tremor.errors import Refused

PARTS = ("train", "val", "test")


def refuse_empty(parts: pd.Series[str], table: pd.DataFrame) -> None:
    """Every part needs records, and training needs every class."""
    empty = [name for name in PARTS if not (parts == name).any()]
    lacking = set(table["label"]) - set(table.loc[parts == "train", "label"])
    if empty or lacking:
        what = f"no record for {', '.join(empty)}" if empty else "a class has no training record"
        change = "larger" if {"val", "test"} & set(empty) else "smaller"
        raise Refused(
            f"the split leaves {what}: {table['group'].nunique()} events are too few",
            "dataset.val_ratio, dataset.test_ratio",
            f"more events, or {change} dataset.val_ratio / dataset.test_ratio",
        )
