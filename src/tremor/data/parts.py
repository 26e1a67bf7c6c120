"""The parts that a split makes."""

from __future__ import annotations

import pandas as pd

from tremor.errors import Refused

PARTS = ("train", "val", "test")


def refuse_empty(
    parts: pd.Series[str], table: pd.DataFrame, multi: bool = False, unit: str = "event"
) -> None:
    """Every part needs records, and training every class; where `multi`, see `multilabel`.

    Where all records test, nothing is to be learned from them (see `refuse_untrained`). `unit`
    says what a group is.
    """
    if (parts == "test").all():
        return
    empty = [name for name in PARTS if not (parts == name).any()]
    lacking = set(table["label"]) - set(table.loc[parts == "train", "label"]) if not multi else ()
    if empty or lacking:
        what = f"no record for {', '.join(empty)}" if empty else "a class has no training record"
        change = "larger" if {"val", "test"} & set(empty) else "smaller"
        raise Refused(
            f"the split leaves {what}: {table['group'].nunique()} {unit}s are too few",
            "dataset.val_ratio, dataset.test_ratio",
            f"more {unit}s, or {change} dataset.val_ratio / dataset.test_ratio",
        )


def refuse_untrained(parts: pd.Series[str]) -> None:
    """Training needs records to learn from."""
    if not (parts == "train").any():
        raise Refused(
            "every record tests: there is nothing to learn from",
            "dataset.event_split_method",
            "dataset.event_split_method=stratified",
        )
