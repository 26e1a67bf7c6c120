"""Learning rates: where they start, peak and end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tremor.training.schedules import constant, cosine, exponential


def rates(schedule: Callable[..., Any], steps: int, **settings: float) -> list[float]:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    made, seen = schedule(optimizer, steps, **settings), []
    for _ in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        made.step()
    return [*seen, optimizer.param_groups[0]["lr"]]


def test_cosine_starts_at_the_rate_and_ends_where_told() -> None:
    seen = rates(cosine, 100, final_fraction=0.1)
    assert seen[0] == 1.0
    assert seen[50] == pytest.approx(0.55)
    assert seen[-1] == pytest.approx(0.1)


@given(steps=st.integers(10, 200), share=st.floats(0.1, 0.9))
def test_warm_up_is_a_share_of_the_real_steps(steps: int, share: float) -> None:
    for schedule in (cosine, constant):
        seen = rates(schedule, steps, warmup_fraction=share)
        warm = round(share * steps)
        assert seen[: warm - 1] == sorted(seen[: warm - 1])
        assert seen[warm - 1] == pytest.approx(1.0)
        assert max(seen) <= 1.0 + 1e-9


def test_exponential_halves_in_equal_times() -> None:
    seen = rates(exponential, 100, final_fraction=0.25)
    assert seen[50] == pytest.approx(0.5)
    assert seen[-1] == pytest.approx(0.25)


def test_one_step_is_enough() -> None:
    assert rates(cosine, 1) == [1.0, 0.0]
