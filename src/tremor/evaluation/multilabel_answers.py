"""What was asked of each record and answered: several questions of yes or no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.errors import Refused
from tremor.evaluation.bootstrap import Judged
from tremor.evaluation.measured import part
from tremor.evaluation.metrics import Floats, Index
from tremor.evaluation.multilabel_metrics import Mask

KINDS = ("label", "predicted", "p")


@dataclass(frozen=True)
class Answers:
    """Labels (1, 0, -1 unknown), answers (1, 0) and probabilities, each `(record, class)`.

    `rows` is each record's group, by its place in `names`.
    """

    classes: tuple[str, ...]
    labels: Index
    predicted: Index
    chances: Floats
    rows: Index
    names: NDArray[np.object_]

    @classmethod
    def of(cls, predictions: pd.DataFrame, classes: Sequence[str]) -> Answers:
        """The answers in a table with columns `label_<class>, predicted_<class>, p_<class>`."""
        needed = [f"{kind}_{name}" for kind in KINDS for name in classes]
        if lacking := [column for column in needed if column not in predictions]:
            fault = f"the predictions have no {', '.join(lacking)}"
            raise Refused(
                fault, "the classes of a record", "task=multilabel, or another evaluation"
            )
        rows, names = pd.factorize(predictions["group"].astype(str), sort=True)
        columns = (predictions[[f"{kind}_{name}" for name in classes]] for kind in KINDS)
        labels, predicted, chances = (table.to_numpy() for table in columns)
        if not np.isin(labels, (-1, 0, 1)).all() or not np.isin(predicted, (0, 1)).all():
            fault = "labels must be 1, 0 or -1 (unknown), and answers 1 or 0"
            raise Refused(fault, "predictions of several classes a record", "task=multilabel")
        return cls(
            tuple(classes),
            labels.astype(np.int64),
            predicted.astype(np.int64),
            chances.astype(np.float64),
            rows.astype(np.int64),
            np.asarray(names, object),
        )

    @property
    def groups(self) -> int:
        return len(self.names)

    @property
    def whole(self) -> Mask:
        """The records whose every label is known."""
        return np.asarray((self.labels >= 0).all(1))

    @cached_property
    def group_labels(self) -> Index:
        """What groups are drawn within: the first class that most of their records have.

        One more than there are classes stands for none.
        """
        has = self.labels == 1
        first = np.where(has.any(1), has.argmax(1), len(self.classes))
        counts = np.zeros((self.groups, len(self.classes) + 1))
        np.add.at(counts, (self.rows, first), 1)
        return np.asarray(counts.argmax(1), np.int64)

    @cached_property
    def group_sizes(self) -> Index:
        """How many groups have a record without each class, and with it: `(class, 2)`."""
        found = np.zeros((len(self.classes), 2), np.int64)
        for k, said in enumerate(self.labels.T):
            found[k] = [len(np.unique(self.rows[said == side])) for side in (0, 1)]
        return found

    def keep(self, inside: Mask) -> tuple[Answers, Index]:
        """Some of the records, and which groups these are of."""
        groups, rows = np.unique(self.rows[inside], return_inverse=True)
        made = replace(
            self,
            labels=self.labels[inside],
            predicted=self.predicted[inside],
            chances=self.chances[inside],
            rows=rows.astype(np.int64),
            names=self.names[groups],
        )
        return made, groups.astype(np.int64)

    def of_class(self, label: int) -> tuple[Judged, Index]:
        """One question where its answer is known: no or yes; and which groups are asked it."""
        yes = self.chances[:, label]
        both = np.stack([1 - yes, yes], -1)
        known: Mask = self.labels[:, label] >= 0
        whole = Judged(self.labels[:, label], self.predicted[:, label], both, self.rows, self.names)
        return part(whole, known), np.unique(self.rows[known]).astype(np.int64)

    def sums(self, values: NDArray[Any]) -> Floats:
        """Sums of values of records `(record, …)` over each group: `(group, …)`."""
        found = np.zeros((self.groups, *values.shape[1:]))
        np.add.at(found, self.rows, values)
        return found

    @cached_property
    def coded(self) -> tuple[Index, Index, Index]:
        """One number for each combination of labels, and of answers: `(record,)` each.

        The third has the combinations themselves, `(number, class)`.
        """
        both = np.concatenate([self.labels, self.predicted])
        combinations, codes = np.unique(both, axis=0, return_inverse=True)
        codes = codes.reshape(-1).astype(np.int64)
        return codes[: len(self.labels)], codes[len(self.labels) :], combinations

    @property
    def rows_of_labels(self) -> Judged:
        """Whole rows of labels as one class each, to be permuted between groups."""
        nothing = np.zeros(len(self.labels), np.int64)
        return Judged(self.coded[0], nothing, nothing[:, None].astype(float), self.rows, self.names)
