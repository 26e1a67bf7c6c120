"""How alike two maps are, and how alike maps are that have nothing to do with each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.audit.cut import correlation, flat

TOP = 0.1
MOST = 500  # records that pairs are drawn from


@dataclass(frozen=True)
class Likeness:
    """Of two maps; None where one of them is constant.

    `spearman` and `correlation` see signs, `magnitudes` is the rank correlation of absolute values.
    `difference` is the root mean square of a - b over that of a and b together: 0 for equal maps,
    1.41 for unrelated ones, 2 for opposite ones. `top` is the share of the highest tenth of the
    cells that both have in common, where `top_chance` is what unrelated maps share.
    """

    spearman: float | None
    magnitudes: float | None
    correlation: float | None
    difference: float | None
    top: float | None
    top_chance: float

    @property
    def closest(self) -> float | None:
        """The larger of both signed correlations: alike in either way is alike."""
        known = [v for v in (self.spearman, self.correlation) if v is not None]
        return max(known) if known else None


def likeness(a: Tensor, b: Tensor, top: float = TOP) -> Likeness:
    """Of two maps `(*cells)`."""
    if a.shape != b.shape:
        fault = f"maps of shapes {tuple(a.shape)} and {tuple(b.shape)}"
        raise Refused(fault, "audit", "maps of one shape")
    a, b = (x.detach().cpu().double().flatten() for x in (a, b))
    few = max(1, round(top * len(a)))
    apart = (a.square().sum() + b.square().sum()) / 2
    return Likeness(
        spearman=spearman(a, b),
        magnitudes=spearman(a.abs(), b.abs()),
        correlation=correlation(a, b),
        difference=float((a - b).norm() / apart.sqrt()) if apart else None,
        top=None if flat(a) or flat(b) else _shared(_top(a, few), _top(b, few)),
        top_chance=few / len(a),
    )


def spearman(a: Tensor, b: Tensor) -> float | None:
    """Rank correlation with ties averaged; None where either is constant."""
    if flat(a) or flat(b):
        return None
    ranks = (torch.from_numpy(rankdata(x.double().flatten().numpy())) for x in (a, b))
    return correlation(*ranks)


def template(maps: Sequence[Tensor], events: Sequence[str]) -> list[float | None]:
    """Correlation of each record's map `(*cells)` with the mean map of the other events' records.

    Maps count alike, however large. Near 1, a map shows what is common to all records (a template:
    an edge, the onset) and says little about this one. None where there is no other event.
    """
    each = torch.stack([x.detach().cpu().double().flatten() for x in maps])
    each = each / each.norm(dim=1, keepdim=True).clamp(min=torch.finfo(torch.float64).tiny)
    names, row = np.unique(np.asarray(events, str), return_inverse=True)
    own = torch.zeros(len(names), each.shape[1], dtype=torch.float64)
    own.index_add_(0, torch.from_numpy(row), each)
    others = own.sum(0) - own
    if len(names) < 2:
        return [None] * len(each)
    return [correlation(x, others[event]) for x, event in zip(each, row, strict=True)]


def between_records(
    maps: Sequence[Tensor], events: Sequence[str], pairs: int = 200, seed: int = 0
) -> list[Likeness]:
    """Of pairs of records from different events: what smooth maps have in common by chance."""
    rng = np.random.default_rng(seed)
    few = np.sort(rng.permutation(len(maps))[:MOST])
    event = np.unique(np.asarray(events, str), return_inverse=True)[1][few]
    first, second = np.triu_indices(len(few), 1)
    apart = np.flatnonzero(event[first] != event[second])
    some = rng.permutation(apart)[:pairs]
    return [likeness(maps[few[first[i]]], maps[few[second[i]]]) for i in some]


def _top(x: Tensor, few: int) -> Tensor:
    """Membership of each cell in the `few` highest; those tied at the edge share what is left."""
    edge = x.sort(descending=True).values[few - 1]
    above, tied = x > edge, x == edge
    member = above.double()
    member[tied] = (few - above.sum()).double() / tied.sum()
    return member


def _shared(a: Tensor, b: Tensor) -> float:
    return float(torch.minimum(a, b).sum() / a.sum())
