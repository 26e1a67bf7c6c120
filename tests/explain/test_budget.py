"""What may be spent: evaluations, seconds, or an error."""

from __future__ import annotations

import math

import pytest
import torch

from tremor.errors import Refused
from tremor.explain.budget import LEAST, MOST, Budget
from tremor.explain.explanation import Axis, Explanation


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (2000, Budget(evaluations=2000)),
        ("2000", Budget(evaluations=2000)),
        ("300s", Budget(seconds=300)),
        ("1.5 s", Budget(seconds=1.5)),
        ("rel_se=0.05", Budget(relative_error=0.05)),
    ],
)
def test_three_kinds_of_budget_are_read(text: int | str, wanted: Budget) -> None:
    assert Budget.read(text) == wanted


@pytest.mark.parametrize("text", ["", "0", "-5", "5m", "se=0.1", "rel_se=0", "2e3", "abc"])
def test_anything_else_is_refused_with_what_can_be_said(text: str) -> None:
    with pytest.raises(Refused, match="cannot read the budget") as refusal:
        Budget.read(text)
    assert "300s" in refusal.value.remedy


def test_seconds_become_evaluations_by_the_pace_that_was_measured() -> None:
    planned = Budget(seconds=30).planned(lambda: 0.001, records=10)
    assert planned == Budget(evaluations=3000)
    assert Budget(evaluations=7).planned(lambda: 1 / 0, 1) == Budget(evaluations=7)


def answer(evaluations: int, error: float | None) -> Explanation:
    """A map of one cell whose error is known."""
    one = torch.ones(1, dtype=torch.float64)
    errors = None if error is None else one * error
    leaf, axes = torch.zeros(1, dtype=torch.int64), (Axis("time", (0.0,), "s"),)
    return Explanation(one, errors, leaf, math.inf, 0, 1, 0, evaluations, axes, "Known", {})


def test_evaluations_double_until_the_error_is_small() -> None:
    asked: list[int] = []

    def explain(evaluations: int) -> Explanation:
        asked.append(evaluations)
        return answer(evaluations, evaluations**-0.5)

    found = Budget(relative_error=0.03).spend(explain)
    assert asked == [LEAST, 2 * LEAST, 4 * LEAST, 8 * LEAST]
    assert found.relative_error is not None
    assert found.relative_error <= 0.03
    asked.clear()
    Budget(relative_error=1e-9).spend(explain)
    assert asked[-1] >= MOST > asked[-2]


def test_an_error_is_not_promised_by_what_has_none() -> None:
    with pytest.raises(Refused, match="no standard errors"):
        Budget(relative_error=0.1).spend(lambda n: answer(n, None))
