"""A run's metrics.csv by epoch."""

from __future__ import annotations

import pandas as pd


def by_epoch(metrics: pd.DataFrame) -> pd.DataFrame:
    """The mean of each quantity over the rows of an epoch; `metrics` is a run's metrics.csv."""
    return metrics.dropna(subset="epoch").groupby("epoch").mean(numeric_only=True)
