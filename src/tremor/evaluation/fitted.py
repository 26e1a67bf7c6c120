"""What is fitted on validation and used on test: temperature and prediction sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.calibration import of_classes
from tremor.evaluation.exchangeable import exchangeable
from tremor.evaluation.measured import Asked
from tremor.evaluation.multilabel_metrics import Mask
from tremor.evaluation.scoring import Plain, Scorer
from tremor.evaluation.sets import covered, prediction_sets
from tremor.evaluation.temperature import scaled


@dataclass(frozen=True)
class Fitted:
    """The records of a scorer, seen through what other records, those of validation, teach."""

    scorer: Scorer
    validation: Judged
    asked: Asked
    classes: Sequence[str]

    def scaled(self) -> Plain:
        """The temperature, and the calibration after it."""
        taught = self.asked.scorer(self.validation)
        return scaled(self.scorer, taught, lambda s: of_classes(s, self.asked.permutations))

    @property
    def sets(self) -> Plain:
        """The prediction sets of every method."""
        return self._sets[0]

    @cached_property
    def _sets(self) -> tuple[Plain, Mask]:
        asked = self.asked
        known = (self.scorer, self.validation, self.classes)
        return prediction_sets(*known, asked.sets, asked.coverage)

    def covered(self, part: Mask) -> Plain:
        """What the sets of a part of the records hold."""
        return covered(self.scorer, self._sets[1], part) | {"chance": self.asked.coverage}

    @staticmethod
    def alike(table: pd.DataFrame | None, said: pd.DataFrame, validation: pd.DataFrame) -> Plain:
        """Whether test groups are like those of validation, where `table` knows all of them."""
        if table is None:
            return {}
        known = table.set_index("record_id", drop=False)
        names = [part["record_id"] for part in (said, validation)]
        if not names[1].isin(known.index).all():
            return {}
        tables = (known.loc[name].reset_index(drop=True) for name in names)
        return {"exchangeable": exchangeable(*tables)}
