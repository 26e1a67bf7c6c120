"""The verdict on made-up answers to two questions, for pages and figures."""

from __future__ import annotations

import functools
from typing import Any

from two_heads import HEADS, MAGNITUDES, other, predictions, world

from tremor.evaluation.multitask import judge


@functools.cache
def verdict(skill: float = 2.0, groups: int = 120) -> dict[str, Any]:
    """Of answers that point at the truth by `skill`, with baselines and few draws."""
    table = world(groups)
    return judge(
        predictions(table, skill),
        classes=MAGNITUDES,
        heads=HEADS,
        table=table,
        train_table=other(world(groups, seed=2)),
        draws=50,
        permutations=20,
    )
