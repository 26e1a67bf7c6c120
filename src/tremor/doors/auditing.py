"""The audit of explanations: what is explained again, and what is deleted from which records."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tremor.explain.audit.audit import Audit, Measured, audited
from tremor.explain.audit.curves import Deletion
from tremor.explain.audit.cut import Cut, blocks, cut
from tremor.explain.audit.randomise import randomised
from tremor.explain.audit.sensitivity import SensitivityN
from tremor.explain.audit.similarity import Likeness, likeness
from tremor.explain.estimators.leverage import Leverage
from tremor.explain.estimators.owen import Owen
from tremor.explain.explanation import Explanation
from tremor.explain.explanations import Explanations
from tremor.explain.fills import Blur, Mean, Samples, two_others
from tremor.explain.game import logits, masked
from tremor.explain.groups.pointing import Pointing
from tremor.explain.methods import Case, Filled, Method
from tremor.explain.players import Players
from tremor.explain.targets import Fixed

AGAIN = 8  # records that are explained anew: by other seeds, fills, estimators and networks
MOST_PLAYERS = 64  # of the second estimator: the leaves themselves, if they are no more
PARTS = 500  # leaves above which a map is deleted in blocks
BLOCKS, FEW = 8, 4  # blocks along an axis: for deletion, and for the second estimator
SEEDS = (1, 2)  # beside that of the explanation
FILLS = {
    "mean": Filled(Mean),
    "blur": Filled(Blur),
    "samples": Filled(partial(Samples, draws=2)),
}
Explain = Callable[[Method, Case], Explanation]


@dataclass(frozen=True)
class Auditor:
    """Measures one record after the other; `explain` spends the explainer's own budget.

    `fill` is what the explainer itself fills with: the audit takes two others.
    """

    method: Method
    explain: Explain
    fill: str | None

    @property
    def fills(self) -> dict[str, Filled]:
        """Two fills that are not the explainer's own."""
        return two_others(FILLS, self.fill)

    def measure(
        self, case: Case, found: Explanation, named: tuple[str, str], more: bool
    ) -> Measured:
        """All measures of a record `named` with its event; `more` explains it anew as well."""
        fixed = _fixed(case)
        parts = {fill: self._cut(fixed, make, found) for fill, make in self.fills.items()}
        deletion, some = Deletion(seed=case.seed), next(iter(parts.values()))
        measured = Measured(
            *named,
            curves={fill: deletion(cut, found.values) for fill, cut in parts.items()},
            sensitivity=SensitivityN(seed=case.seed)(some, found.values),
        )
        return replace(measured, **self._anew(fixed, found)) if more else measured

    def _cut(self, case: Case, fill: Filled, found: Explanation) -> Cut:
        weights = case.target(torch.zeros(1), None)
        leaf = found.leaf if found.leaves <= PARTS else _blocks(found.values, BLOCKS)
        return cut(
            lambda inputs: logits(case.predict, inputs) @ weights.to(inputs),
            case.record,
            fill(case)(case.record),
            leaf,
            batch=case.batch,
        )

    def _anew(self, case: Case, found: Explanation) -> dict[str, Any]:
        """The map against those of another seed, fill, estimator, and of networks that forgot."""
        own = found.values
        assert isinstance(case.predict, nn.Module)
        forgot = [
            self.explain(self.method, replace(case, predict=randomised(case.predict, seed))).values
            for seed in SEEDS
        ]
        seeded = self.explain(self.method, replace(case, seed=case.seed + 1)).values
        made = {
            "randomised": likeness(own, forgot[0]),
            "unrelated": likeness(forgot[0], forgot[1]),
            "seeds": likeness(own, seeded),
            "estimators": self._other_estimator(case, found),
        }
        if getattr(self.method, "fill", None) is not None:
            other: Any = copy.copy(self.method)
            other.fill = next(iter(self.fills.values()))
            made["fills"] = likeness(own, self.explain(other, case).values)
        return made

    def _other_estimator(self, case: Case, found: Explanation) -> Likeness:
        """Sums over blocks against what another estimator gives the blocks themselves."""
        leaf = found.leaf if found.leaves <= MOST_PLAYERS else _blocks(found.values, FEW)
        labels = leaf.unique(return_inverse=True)[1]
        count = int(labels.max()) + 1
        own = torch.zeros(count, dtype=torch.float64)
        own.index_add_(0, labels.flatten(), found.values.flatten())
        players = Players(labels, (count,), ((0,),))
        fill = getattr(self.method, "fill", None) or FILLS["mean"]
        game = masked(case.predict, case.record, players, fill(case), case.target, None, case.batch)
        leverage = found.method == Leverage.__name__
        estimator: Any = Owen if leverage else Leverage
        return likeness(own, estimator(budget=20 * count, seed=case.seed)(game).values)


def audit_of(
    auditor: Auditor,
    case: Callable[[int], Case],
    found: Explanations,
    rows: Sequence[int],
    aim: Pointing | None,
    advance: Callable[[], None],
) -> Audit:
    """The audit of some records; a few of them, of different events, are explained anew."""
    table = found.table.iloc[list(rows)]
    few = spread(table["group"].tolist(), table["label"].tolist(), AGAIN)
    again = {rows[place] for place in few}
    measured = []
    for row, told in zip(rows, table.to_dict("records"), strict=True):
        named = str(told["record_id"]), str(told["group"])
        measured.append(auditor.measure(case(row), found.one(row), named, row in again))
        advance()
    return audited(measured, list(torch.from_numpy(found.values[list(rows)])), aim)


def spread(events: Sequence[str], labels: Sequence[int], most: int) -> list[int]:
    """Rows of different events, as evenly from the classes as there are."""
    first = {event: row for row, event in reversed(list(enumerate(events)))}
    turns: dict[int, list[int]] = {}
    for row in sorted(first.values()):
        turns.setdefault(labels[row], []).append(row)
    order = [(turn, row) for rows in turns.values() for turn, row in enumerate(rows)]
    return [row for _, row in sorted(order)[:most]]


def _fixed(case: Case) -> Case:
    """The same question, whatever a changed network says: the trained one has chosen the class."""
    with torch.inference_mode():
        known = logits(case.predict, case.record[None])[0]
    return replace(case, target=Fixed(case.target(known, case.label)))


def _blocks(values: Tensor, many: int) -> Tensor:
    """About so many blocks along each axis, one for each component."""
    later = [int(np.ceil(length / many)) for length in values.shape[1:]]
    return blocks(values.shape, [1, *later])
