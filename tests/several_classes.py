"""Worlds of records that have several classes at once, and what a network may say of them."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pandas as pd

from tremor.evaluation.multilabel import judge

CLASSES = ["AF", "SNR", "VPB"]
SHARES = (0.35, 0.45, 0.2)
QUICK: dict[str, Any] = {"draws": 100, "permutations": 49}


def world(patients: int = 120, each: int = 2, seed: int = 0) -> pd.DataFrame:
    """Patients with so many records, alike in what they have; metadata and levels tell nothing."""
    rng = np.random.default_rng(seed)
    has = (rng.random((patients, len(CLASSES))) < SHARES).astype(int).repeat(each, axis=0)
    size = len(has)
    table = pd.DataFrame({f"label_{c}": has[:, k] for k, c in enumerate(CLASSES)})
    table["label"] = np.where(has.any(1), has.argmax(1), len(CLASSES))
    table["group"] = [f"p{i:03}" for i in np.arange(patients).repeat(each)]
    table["record_id"] = [f"r{i:04}" for i in range(size)]
    table["age"] = rng.integers(20, 90, patients).repeat(each).astype(float)
    table["sex"] = rng.choice(["male", "female", ""], patients).repeat(each)
    table["source_rate"] = rng.choice([257.0, 500.0], size)
    return table.assign(level_I=rng.standard_normal(size), level_II=rng.standard_normal(size))


def predictions(table: pd.DataFrame, skill: float = 2.5, seed: int = 1) -> pd.DataFrame:
    """Probabilities that point at the truth by `skill`, calibrated for classes of even shares."""
    rng = np.random.default_rng((seed, 5))
    kept = table[["record_id", "group", "label", *(f"label_{c}" for c in CLASSES)]]
    score = {
        c: rng.standard_normal(len(table)) + skill * (table[f"label_{c}"] == 1) for c in CLASSES
    }
    logit = {
        c: (skill or 1) * (score[c] - skill / 2) + np.log(share / (1 - share))
        for c, share in zip(CLASSES, SHARES, strict=True)
    }
    chances = {c: 1 / (1 + np.exp(-value)) for c, value in logit.items()}
    said = {f"predicted_{c}": (p >= 0.5).astype(int) for c, p in chances.items()}
    said |= {f"p_{c}": p for c, p in chances.items()}
    return kept.assign(**said).reset_index(drop=True)


def other(table: pd.DataFrame) -> pd.DataFrame:
    """The same table as a training part."""
    return table.assign(record_id="t" + table["record_id"], group="t" + table["group"])


def judged(said: pd.DataFrame, table: pd.DataFrame | None = None, **more: Any) -> dict[str, Any]:
    """The verdict, with the table's own copy as training part."""
    train = None if table is None else other(table)
    settings = QUICK | {"table": table, "train_table": train} | more
    return judge(said, classes=CLASSES, **settings)


@functools.cache
def verdict(skill: float = 2.0, patients: int = 120) -> dict[str, Any]:
    """Of answers that point at the truth by `skill`, with baselines and few draws."""
    table = world(patients)
    return judged(predictions(table, skill), table, train_table=other(world(patients, seed=2)))
