"""Labels drawn from known probabilities, and what a model that is too sure says of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tremor.evaluation.bootstrap import Judged


def said(
    seed: int = 0, records: int = 400, classes: int = 3, each: int = 1, power: float = 1.0
) -> pd.DataFrame:
    """Predictions of `each` records a group; probabilities raised to `power`: above 1, too sure."""
    rng = np.random.default_rng(seed)
    true = rng.dirichlet(np.ones(classes), records)
    label = (true.cumsum(1)[:, :-1] < rng.random((records, 1))).sum(1)
    told = true**power / (true**power).sum(1, keepdims=True)
    table = pd.DataFrame(told, columns=[f"p_{k}" for k in range(classes)])
    return table.assign(
        record_id=[f"r{seed}_{i}" for i in range(records)],
        group=(np.arange(records) // each).astype(str),
        label=label,
        predicted=told.argmax(1),
    )


def judged(table: pd.DataFrame) -> Judged:
    """The same as arrays."""
    names = tuple(c.removeprefix("p_") for c in table if str(c).startswith("p_"))
    return Judged.of(table, names)
