"""Which records of a multilabel run are explained for which class: those that it is sure of.

A record may be chosen for several classes; each choice is a row.
"""

from __future__ import annotations

from binascii import crc32
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tremor.errors import Refused

COLUMNS = (
    *("group_class", "record_id", "group", "sel_idx", "filename", "duration_sec"),
    "prob_meta",
)
"""Of a choice: class, record, patient, row among all, file, length [s], probability."""


@dataclass(frozen=True)
class Selection:
    """At most `k_per_class` records of each class that have it, are sure of it, and are short.

    A class with fewer keeps those: none is filled up with records that fail the conditions. What is
    drawn for a class depends on the seed and the class, not on what else is asked for.
    """

    k_per_class: int
    min_prob: float
    max_duration_sec: float
    seed: int

    def __post_init__(self) -> None:
        if self.k_per_class < 1:
            fault = f"is {self.k_per_class}, must be at least 1"
            raise Refused(fault, "run_mode.k_per_class", "run_mode.k_per_class=50")
        if not 0 <= self.min_prob < 1:
            fault = f"is {self.min_prob}, must be from 0 to below 1"
            raise Refused(fault, "run_mode.min_prob", "run_mode.min_prob=0.85")

    def candidates(self, said: pd.DataFrame, name: str) -> pd.DataFrame:
        """Rows of predictions that have the class `name`, surely, and last no longer than asked."""
        sure = (said[f"p_{name}"] >= self.min_prob) & (said[f"label_{name}"] == 1)
        return said[sure & (said["duration_s"] <= self.max_duration_sec)]

    def of_class(self, said: pd.DataFrame, name: str) -> pd.DataFrame:
        """The choice for one class, in the order of the table."""
        there = self.candidates(said, name)
        rng = np.random.default_rng((self.seed, crc32(name.encode())))
        drawn = np.sort(rng.permutation(len(there))[: self.k_per_class])
        return there.iloc[drawn].assign(group_class=name, prob_meta=there[f"p_{name}"].iloc[drawn])

    def __call__(self, said: pd.DataFrame, classes: Sequence[str]) -> pd.DataFrame:
        """Rows with `COLUMNS`.

        `said` holds predictions beside `duration_s` and `path` of each record; `sel_idx` is the
        row there.
        """
        rows = said.reset_index(drop=True).assign(sel_idx=np.arange(len(said)))
        table = pd.concat([self.of_class(rows, name) for name in classes], ignore_index=True)
        if table.empty:
            fault = f"no record of {', '.join(classes)} has p ≥ {self.min_prob:g} and the class"
            fault += f", and lasts at most {self.max_duration_sec:g} s"
            raise Refused(fault, "run_mode.min_prob", "a lower run_mode.min_prob, or other classes")
        table = table.rename(columns={"path": "filename", "duration_s": "duration_sec"})
        return table[list(COLUMNS)]
