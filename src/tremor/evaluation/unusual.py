"""Records unlike all that the network learned from: counted, held against luck, named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from tremor.evaluation.bootstrap import FEWEST
from tremor.evaluation.conformal import threshold
from tremor.evaluation.measured import sums_of
from tremor.evaluation.metrics import CHUNK, Floats, Index
from tremor.evaluation.mistakes import known_of
from tremor.evaluation.scoring import Draws, Plain
from tremor.evaluation.sets import expected, of_groups

DISTANCE = "distance"
"""The column of predictions that has `Usual.distance`."""
NEAREST, DRAWN, SHARE, MOST = 5, 500, 0.01, 20
"""Training records a record is held against, of so many; share unusual by luck; rows shown."""
FLAT = 1e-3
"""Of the mean spread: a feature that varies less in training counts as if it varied so much."""
FEW = "fewer than {} groups of validation to say what is usual"
SCHEME = (
    "distance: mean of those to the {} nearest of at most {} training records, in features that "
    "are each divided by their spread in training; unusual: farther than {:.3g} % of validation "
    "records, each group counted once; by luck: what is unusual if test groups are like those of "
    "validation, and where 95 % of such shares lie"
)


@dataclass(frozen=True)
class Usual:
    """Features of training records `(record, feature)`, centred and scaled."""

    centre: Floats
    scale: Floats
    known: Floats

    @classmethod
    def of(cls, features: Floats) -> Self:
        """What training records look like to the network."""
        spread = features.std(0)
        least = max(FLAT * float(spread.mean()), np.finfo(np.float64).tiny)
        scale, centre = np.maximum(spread, least), features.mean(0)
        return cls(centre, scale, (features - centre) / scale)

    def distance(self, features: Floats) -> Floats:
        """How far each record is from the nearest ones of training, on average `(record,)`."""
        nearest = min(NEAREST, len(self.known))
        step = max(1, CHUNK // len(self.known))
        lengths = (self.known**2).sum(1)
        found = []
        for first in range(0, len(features), step):
            asked = (features[first : first + step] - self.centre) / self.scale
            squares = (asked**2).sum(1)[:, None] + lengths - 2 * asked @ self.known.T
            near = np.partition(squares, nearest - 1, axis=1)[:, :nearest]
            found.append(np.sqrt(np.clip(near, 0, None)).mean(1))
        return np.concatenate(found)


def unusual(
    draws: Draws,
    groups: Index,
    said: pd.DataFrame,
    validation: pd.DataFrame,
    rows: pd.DataFrame | None,
) -> Plain:
    """Which records are farther from training than validation is, and how many would be by luck.

    `groups` is the group of each record in the draws; predictions and those of validation have
    `DISTANCE`, `rows` are the records' table in the same order. Keys: `share` (by group: value, lo,
    hi, chance, expected), `count`, `limit`, `records` (at most `MOST`, the farthest first, with
    `times`, the distance over the limit); or why there is no saying (`unavailable`).
    """
    far, own = (table[DISTANCE].to_numpy(np.float64) for table in (said, validation))
    taught = pd.factorize(validation["group"])[0]
    known = int(taught.max()) + 1
    if known < FEWEST:
        return {"unavailable": FEW.format(FEWEST)}
    usual = min(1 - SHARE, known / (known + 1))
    limit = threshold(own, taught.astype(np.int64), usual)
    beyond = far > limit
    above, count = (sums_of(groups, draws.groups, v) for v in (beyond, np.ones(len(far))))
    low, high = expected(known, draws.groups, usual)
    share = of_groups(draws, above, count) | {"chance": 1 - usual}
    names = said[["record_id", "group"]].assign(times=far / limit)
    first = np.argsort(-far, kind="stable")[: min(int(beyond.sum()), MOST)]
    return {
        "share": share | {"expected": [1 - high, 1 - low]},
        "count": int(beyond.sum()),
        "limit": limit,
        "validation_groups": known,
        "records": known_of(names, rows, first),
        "scheme": SCHEME.format(NEAREST, DRAWN, 100 * usual),
    }
