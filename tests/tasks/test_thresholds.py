"""Thresholds of the best F1: by hand, against every cut there is, and where nothing is known."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score

from tremor.tasks.thresholds import best_threshold, best_thresholds

ANSWERS = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=12)


def threshold(p: list[float], y: list[int]) -> float:
    return best_threshold(torch.tensor(p, dtype=torch.float64), torch.tensor(y))


def test_it_lies_between_the_last_right_and_the_next() -> None:
    assert threshold([0.1, 0.2, 0.6, 0.9], [0, 0, 1, 1]) == pytest.approx(0.4)


def test_of_cuts_that_are_as_good_the_middle_one_is_taken() -> None:
    """F1 is 1/2 with one of three found at the first cut, two at the fifth, three at the ninth."""
    p = [0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2]
    assert threshold(p, [1, 0, 0, 0, 1, 0, 0, 0, 1]) == pytest.approx(0.55)


def test_a_class_that_no_record_has_or_whose_chances_are_no_numbers_has_one_half() -> None:
    p = torch.tensor([[0.9, 0.2, float("nan")], [0.8, 0.4, 0.5]], dtype=torch.float64)
    y = torch.tensor([[0, 0, 1], [0, 1, 0]])
    assert best_thresholds(p, y).tolist() == pytest.approx([0.5, 0.3, 0.5])
    assert best_thresholds(p, torch.full((2, 3), -1)).tolist() == [0.5] * 3


def test_neighbours_in_floating_point_are_told_apart() -> None:
    low = 1 - 2.0**-53
    assert threshold([low, 1.0], [0, 1]) == 1.0


@settings(max_examples=40)
@given(ANSWERS)
def test_no_cut_is_better(answers: list[tuple[int, bool]]) -> None:
    p, y = [n / 7 for n, _ in answers], [int(has) for _, has in answers]
    if not any(y):
        return
    found = threshold(p, y)
    reached = f1_score(y, [int(v >= found) for v in p])
    every = [f1_score(y, [int(v >= cut) for v in p]) for cut in p]
    assert reached == pytest.approx(max(every))
