"""Classes in an order of one's own."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from tremor.data.labels import Labelled, as_stored
from tremor.errors import Refused


def in_order(
    table: pd.DataFrame, classes: Sequence[str], order: tuple[str, ...] | None
) -> Labelled:
    """Those of the source's classes that `order` names, in its order; null takes all by name."""
    if order is None:
        return as_stored(table, classes)
    strangers = [name for name in order if name not in classes]
    if strangers or len(set(order)) < len(order):
        problem = f"no class {', '.join(strangers)}" if strangers else "a class is named twice"
        remedy = f"dataset.classes=[{','.join(classes)}]"
        raise Refused(f"{problem}; there are {', '.join(classes)}", "dataset.classes", remedy)
    number = {classes.index(name): place for place, name in enumerate(order)}
    label = table["label"].map(number).fillna(-1).astype(int)
    return Labelled(table.assign(label=label), tuple(order))
