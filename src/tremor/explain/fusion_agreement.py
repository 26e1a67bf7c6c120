"""How far two maps agree, beside how far unrelated ones of the same make do."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from scipy.stats import rankdata
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.explanation import Explanation

BINS = 200  # along the last axis: maps are compared in no more windows
LEAST = 99  # permutations
NULLS = ("null_spearman", "null_overlap", "null_conflict")


@dataclass(frozen=True)
class Agreement:
    """Spearman correlation, overlap of the foremost cells, share of the mass in conflict.

    Each beside its mean over permutations; `p` of the correlation, one-sided.
    """

    spearman: float
    overlap: float
    conflict: float
    null_spearman: float
    null_overlap: float
    null_conflict: float
    p: float

    @property
    def trust(self) -> dict[str, float]:
        return {f"agreement_{name}": value for name, value in vars(self).items()}


def agreement(
    a: Explanation, b: Explanation, top: float, permutations: int, seed: int
) -> Agreement:
    """Of two maps `(…, time)`; under the null one has its windows permuted, and its leads.

    So each keeps what it is made of: windows that end where they end, leads alike in one window,
    sparse or dense. Windows are taken to be exchangeable.
    """
    if permutations < LEAST or not 0 < top < 1:
        fault = f"{permutations} permutations, the foremost {top:g} of the cells"
        raise Refused(fault, "explainer.fusion", f"{LEAST} or more, a share between 0 and 1")
    number = windows(a.leaf, b.leaf)
    first, second = (_seen(_means(e.values, number), top) for e in (a, b))
    own = _compared(first, second[:, None])
    generator = torch.Generator().manual_seed(seed)
    _, rows, columns = second.shape
    leads = torch.rand(permutations, rows, generator=generator).argsort(1)
    order = torch.rand(permutations, columns, generator=generator).argsort(1)
    null = _compared(first, second[:, leads[:, :, None], order[:, None, :]])
    likely = (1 + int((null[0] >= own[0] - 1e-12).sum())) / (1 + permutations)
    spearman, overlap, conflict = (float(part[0]) for part in own)
    chance = dict(zip(NULLS, (float(part.mean()) for part in null), strict=True))
    return Agreement(spearman, overlap, conflict, p=likely, **chance)


def windows(*leaves: Tensor) -> Tensor:
    """The window of each step `(time,)`: from where any map's leaves change to where they do next.

    Where there are more than `BINS`, as many of even length.
    """
    steps = leaves[0].shape[-1]
    new = torch.zeros(steps, dtype=torch.bool)
    for leaf in leaves:
        new[1:] |= (leaf.reshape(-1, steps).diff(dim=1) != 0).any(0)
    number = new.long().cumsum(0)
    return number if int(number[-1]) < BINS else torch.arange(steps) * BINS // steps


def _seen(map_: Tensor, top: float) -> Tensor:
    """Of a map `(lead, window)` itself, its ranks (mean 0, norm 1), and its foremost cells."""
    flat = map_.flatten()
    ranks = torch.from_numpy(rankdata(flat.numpy()))
    centred = ranks - ranks.mean()
    order = flat.abs().argsort(descending=True, stable=True)
    foremost = torch.zeros_like(flat)
    foremost[order[: max(1, round(top * len(flat)))]] = 1.0
    parts = flat, centred / centred.norm().clamp(min=1e-12), foremost
    return torch.stack(parts).view(3, *map_.shape)


def _means(values: Tensor, number: Tensor) -> Tensor:
    """Means `(lead, window)` over the steps of each window."""
    rows = values.reshape(-1, values.shape[-1]).double()
    sums = torch.zeros(len(rows), int(number[-1]) + 1, dtype=torch.float64)
    sums.index_add_(1, number, rows)
    return sums / torch.bincount(number)


def _compared(first: Tensor, others: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Spearman, overlap and conflict of one map with others `(what, other, lead, window)`."""
    a, x, top = first.flatten(1)
    b, y, chosen = others.flatten(2)
    least = torch.minimum(a.abs(), b.abs())
    mass, against = least.sum(1), (least * (a * b < 0)).sum(1)
    conflict = torch.where(mass > 0, against / mass, 0.0)
    return y @ x, chosen @ top / top.sum(), conflict
