"""Training curves and verdicts of all systems are those that were written down."""

from __future__ import annotations

from pathlib import Path

import pytest

from golden.systems import AGAIN, SYSTEMS, distance, kept, moved, trained

TOLERANCE = 1e-4
"""Of a number's size, or absolute below 1: 800 times what was seen between torch 2.8 and 2.13,
and between one thread and two (1.2e-7 at most). The runs have a large `optimizer.eps`: without it
Adam makes steps of rounding errors where a gradient is zero, and numbers differ by 3e-4."""


@pytest.mark.slow
@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_ends_with_the_numbers_that_are_kept(name: str, tmp_path: Path) -> None:
    lines = moved(trained(name, tmp_path), kept(name), TOLERANCE)
    again = AGAIN.format(name=name)
    assert not lines, "\n".join([f"{len(lines)} numbers moved; if on purpose: {again}", *lines])


def test_what_moved_is_named_with_how_far() -> None:
    then = {"loss[0]": 0.5, "metric auroc": 1.0, "gone": 2.0}
    now = {"loss[0]": 0.51, "metric auroc": 1.0 + 1e-6, "new": 3.0}
    assert moved(now, then, 1e-4) == [
        "gone: was 2, is not there now",
        "loss[0]: was 0.5, is 0.51, moved by +0.01",
        "new: new, 3",
    ]


@pytest.mark.parametrize(
    ("now", "then", "far"), [(101.0, 100.0, 0.01), (0.02, 0.01, 0.01), (float("nan"), 1.0, None)]
)
def test_large_numbers_move_by_their_size_and_none_hides(
    now: float, then: float, far: float | None
) -> None:
    assert far is None or distance(now, then) == pytest.approx(far)
    assert moved({"x": now}, {"x": then}, 0.009)
