"""Is it only size, distance or age? The score where classes are made alike in these."""

from __future__ import annotations

import numpy as np
import pandas as pd

from tremor.evaluation import metrics
from tremor.evaluation.bootstrap import FEWEST, Evidence
from tremor.evaluation.metrics import Floats, Index
from tremor.evaluation.scoring import Plain, Scorer
from tremor.evaluation.slicing import group_medians

MATCHED = {"magnitude": 5, "distance_km": 3, "age": 5}
"""Quantities that classes are matched in, and the most quantile bins of each."""
NAME = "balanced_accuracy"


def matched(scorer: Scorer, rows: pd.DataFrame) -> Plain | None:
    """Balanced accuracy among events whose classes are equal in magnitude, distance and age.

    Events stand in cells of quantile bins, by the median of their records. Cells that lack a class
    are left out; in the others the events of each class are weighed to count as much as those of
    the rarest one. `drop` is what the score of all events loses by it. `None` where nothing can be
    matched.
    """
    groups = scorer.judged.rows
    values = {
        name: group_medians(rows[name].astype(float), groups) for name in MATCHED if name in rows
    }
    known = {name: v for name, v in values.items() if np.isfinite(v).any() and np.nanstd(v) > 0}
    if not known or not scorer.enough:
        return None
    labels = scorer.judged.group_labels()
    weights = _weights(_cells(known), labels, scorer.judged.classes)
    inside = weights > 0
    if inside.sum() < FEWEST:
        return None
    each = scorer.judged.group_confusion()
    value, drawn = _balanced(each, weights, scorer.counts)
    own, own_drawn = _balanced(each, np.ones(len(weights)), scorer.counts)
    sizes = np.bincount(labels[inside], minlength=scorer.judged.classes)
    evidence = Evidence.averaged(sizes)
    found = scorer.known(value, drawn, evidence)
    return found | {
        "chance": float(1 / (sizes > 0).sum()),
        "drop": scorer.known(own - value, own_drawn - drawn, evidence),
        "on": list(known),
        "groups": int(inside.sum()),
        "left_out": int((~inside).sum()),
        "means": {name: _means(v, labels, weights) for name, v in known.items()},
    }


def _cells(known: dict[str, Floats]) -> Index:
    """The cell of each event, -1 where a value is not known; fewer bins for fewer events."""
    count = len(next(iter(known.values())))
    cells = np.zeros(count, np.int64)
    whole = np.all([np.isfinite(v) for v in known.values()], axis=0)
    most = max(1, int(whole.sum()) // FEWEST)
    for name, values in known.items():
        bins = max(1, min(MATCHED[name], most))
        if not whole.any():
            break
        edges = np.quantile(values[whole], np.arange(1, bins) / bins)
        cells = cells * bins + np.searchsorted(np.unique(edges), values)
        most = max(1, most // bins)
    return np.where(whole, cells, -1)


def _weights(cells: Index, labels: Index, classes: int) -> Floats:
    """How much each event counts: in every cell as much of each class as of the rarest."""
    found = np.zeros(len(cells))
    present = len(np.unique(labels))
    for cell in np.unique(cells[cells >= 0]):
        own = np.flatnonzero(cells == cell)
        counts = np.bincount(labels[own], minlength=classes)
        if (counts > 0).sum() == present:
            found[own] = counts[counts > 0].min() / counts[labels[own]]
    return found


def _balanced(each: Floats, weights: Floats, counts: Floats) -> tuple[float, Floats]:
    """Balanced accuracy of weighed events, and that of all draws of them."""
    weighed = weights[:, None, None] * each
    whole = metrics.from_confusion(weighed.sum(0))[NAME]
    return float(whole), metrics.from_confusion(np.tensordot(counts, weighed, axes=1))[NAME]


def _means(values: Floats, labels: Index, weights: Floats) -> list[list[float | None]]:
    """Of each class the mean of a quantity over all its events, and over the weighed ones."""
    found: list[list[float | None]] = []
    for label in range(int(labels.max()) + 1):
        own = (labels == label) & np.isfinite(values)
        matched_own = own & (weights > 0)
        before = float(values[own].mean()) if own.any() else None
        after = (
            float(np.average(values[matched_own], weights=weights[matched_own]))
            if matched_own.any()
            else None
        )
        found.append([before, after])
    return found
