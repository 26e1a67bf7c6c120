"""A split forward in time: what is learned from the past is judged on the future."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tremor.data.dealing import in_time, some_train, spread
from tremor.data.embargo import purged


def time_forward(
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
    """Within each class in order of time: the first events train, the next validate, the last test.

    Validation and test are the same events whatever `train_frac` and `seed` are; of the others,
    `train_frac` takes a share at random, a smaller one part of a larger one. Training events within
    `purge_hours` of a test event are left out.
    """
    parts: dict[str, str] = {}
    share = 1.0 if train_frac is None else train_frac / (1 - val_ratio - test_ratio)
    for number, names in enumerate(in_time(table)):
        n_test, n_val = int(len(names) * test_ratio), int(len(names) * val_ratio)
        early, val, test = np.split(names, [len(names) - n_test - n_val, len(names) - n_test])
        parts |= some_train(early, share, (seed, number))
        parts |= dict.fromkeys(val, "val") | dict.fromkeys(test, "test")
    return purged(table, spread(table, parts), purge_hours)
