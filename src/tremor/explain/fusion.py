"""Two explanations of one record as one: what both methods see, each by how well it knows it.

Values are weighed by their standard errors, to which the methods' own disagreement is added (a
random-effects mean, DerSimonian and Laird 1986): two methods ask different questions, and what is
exact for one of them is not the truth of both. Where signs differ nothing is kept. Nobody's prior
takes part.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.calls import told
from tremor.explain.explanation import Explanation
from tremor.explain.fusion_agreement import Agreement, agreement
from tremor.explain.methods import Case, Method

NOTHING = 1e-30  # a variance: what both know exactly and alike
CHANCE = 0.05  # above this p two methods agree no more than by chance
Fuse = Callable[..., Explanation]


class Fused(Method):
    """Explains by two methods, half the evaluations each, and fuses."""

    def __init__(self, first: Method, second: Method, fusion: Fuse):
        self.first, self.second, self.fusion = first, second, fusion
        self.budget = first.budget or second.budget

    def __call__(self, case: Case, evaluations: int | None = None) -> Explanation:
        half = None if evaluations is None else evaluations // 2
        return self.of(self.first(case, half), self.second(case, half), case)

    def of(self, first: Explanation, second: Explanation, case: Case) -> Explanation:
        """What is made of explanations by the two methods that are there already."""
        found: Explanation = told(
            partial(self.fusion, first, second), seed=case.seed, asked=case.asked
        )
        return found

    def parts(self) -> tuple[Method, Method]:
        """The two methods with half the budget each, as fusing spends it."""
        first, second = copy.copy(self.first), copy.copy(self.second)
        for method in (first, second):
            method.budget = None if method.budget is None else method.budget.half
        return first, second

    def least(self, case: Case) -> int:
        """Twice what the more demanding method needs."""
        return 2 * max(self.first.least(case), self.second.least(case))


def fuse(
    a: Explanation, b: Explanation, permutations: int = 1000, top: float = 0.1, seed: int = 0
) -> Explanation:
    """Two explanations of the same cells in the same unit as one; with what they agree in."""
    _alike(a, b)
    values, errors = combined(a, b)
    found = agreement(a, b, top, permutations, seed)
    parts = {e.method: {k: v for k, v in e.settings.items() if k != "seed"} for e in (a, b)}
    return replace(
        a,
        values=values,
        errors=errors,
        leaf=_crossed(a.leaf, b.leaf),
        freedom=min(a.freedom, b.freedom),
        base_value=(a.base_value + b.base_value) / 2,
        completeness_error=None,
        evaluations=a.evaluations + b.evaluations,
        method=Fused.__name__,
        settings={"permutations": permutations, "top": top, "of": parts},
        note="; ".join(filter(None, (*dict.fromkeys((a.note, b.note)), said(found)))),
        trust=_renamed(a) | _renamed(b) | found.trust,
    )


def combined(a: Explanation, b: Explanation) -> tuple[Tensor, Tensor]:
    """The weighted mean of two maps of a shape where their signs agree; its standard errors."""
    gap = between(a, b)
    weights = [1 / (_squares(e) + gap).clamp(min=NOTHING) for e in (a, b)]
    total = weights[0] + weights[1]
    mean = (weights[0] * a.values + weights[1] * b.values) / total
    agree = a.values * b.values > 0
    return torch.where(agree, mean, 0.0), torch.where(agree, total.rsqrt(), 0.0)


def between(a: Explanation, b: Explanation) -> float:
    """The variance of a method about what both have in common, by moments over the cells."""
    apart = (a.values - b.values).square() - _squares(a) - _squares(b)
    return max(0.0, float(apart.mean()) / 2)


def said(found: Agreement) -> str:
    """What must be said of methods that agree no more than unrelated ones would."""
    if found.p <= CHANCE:
        return ""
    return (
        f"the two methods agree no more than by chance (Spearman {found.spearman:.2f}, "
        f"by chance {found.null_spearman:.2f}, p = {found.p:.2f})"
    )


def _squares(of: Explanation) -> Tensor:
    return torch.zeros_like(of.values) if of.errors is None else of.errors.square()


def _alike(a: Explanation, b: Explanation) -> None:
    """Only maps of the same cells, of the same score, are fused."""
    if a.axes != b.axes:
        raise Refused("explanations of different cells", "fusion", "the same record for both")
    links = {str(e.settings.get("link", "Logit")) for e in (a, b)}
    same = math.isclose(a.output, b.output, rel_tol=1e-4, abs_tol=1e-4)
    if len(links) > 1 or not same:
        fault = f"outputs of {a.output:.4g} and {b.output:.4g}, seen as {' and '.join(links)}"
        raise Refused(fault, "fusion", "the same record, target and link for both")


def _crossed(a: Tensor, b: Tensor) -> Tensor:
    """Cells that neither tells apart."""
    many = int(b.max()) + 1
    found: Tensor = (a * many + b).unique(return_inverse=True)[1]
    return found.view(a.shape)


def _renamed(of: Explanation) -> dict[str, float]:
    """Trust figures under the method's name."""
    return {f"{of.method}_{name}": value for name, value in of.trust.items()}
