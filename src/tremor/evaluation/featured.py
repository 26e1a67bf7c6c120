"""What the features that a network answers from tell of the records, beside its answers."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from tremor.evaluation.metrics import Floats
from tremor.evaluation.probe import probes
from tremor.evaluation.scoring import Draws, Plain
from tremor.evaluation.unusual import DISTANCE, unusual


@dataclass(frozen=True)
class Seen:
    """Predictions, the table of their records in the same order, and features `(record, feature)`.

    `validation` are predictions of other records.
    """

    said: pd.DataFrame
    validation: pd.DataFrame | None
    rows: pd.DataFrame | None
    features: Floats | None

    def told(self, draws: Draws, permutations: int) -> Plain:
        """`unusual` and `probe` of a verdict, as far as there is what they need.

        The groups of the draws are those of the predictions in order of their names.
        """
        groups = pd.factorize(self.said["group"].astype(str), sort=True)[0].astype("int64")
        found: Plain = {}
        if self.validation is not None and DISTANCE in self.said and DISTANCE in self.validation:
            found["unusual"] = unusual(draws, groups, self.said, self.validation, self.rows)
        if self.features is not None and self.rows is not None:
            found |= probes(draws, groups, self.features, self.rows, permutations)
        return found
