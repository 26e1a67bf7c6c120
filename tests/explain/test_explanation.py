"""Explanations carry coordinates and how far they can be trusted."""

from __future__ import annotations

import pytest
import torch
from games import line, linear, random_table
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.estimate import Estimate
from tremor.explain.estimators.leverage import Leverage
from tremor.explain.estimators.occlusion import Occlusion
from tremor.explain.estimators.owen import Owen
from tremor.explain.explanation import Axis, of_cells, of_players
from tremor.explain.fills import Zero
from tremor.explain.game import Game, masked
from tremor.explain.players import rectangles
from tremor.explain.targets import OneClass


def axes(*shape: int) -> tuple[Axis, ...]:
    """Components, bins 2 Hz apart, steps 0.5 s apart."""
    names = ("Z", "N", "E")[: shape[0]]
    bins, steps = (
        tuple(k * by for k in range(n)) for n, by in zip(shape[1:], (2.0, 0.5), strict=True)
    )
    return Axis("component", names), Axis("frequency", bins, "Hz"), Axis("time", steps, "s")


def test_values_lie_over_the_cells_and_add_up() -> None:
    players = rectangles((2, 4, 6), 2, 3)
    weights = torch.randn(2, 4, 6, generator=torch.Generator().manual_seed(0))

    def predict(x: Tensor) -> Tensor:
        return (x * weights).flatten(1).sum(1, keepdim=True) + 2

    record = torch.randn(2, 4, 6, generator=torch.Generator().manual_seed(1))
    game = masked(predict, record, players, Zero(), OneClass(0))
    method = Leverage(16)
    found = of_players(game, method(game), axes(2, 4, 6), method)
    per_player = torch.zeros(4).index_add_(
        0, players.labels.flatten(), (record * weights).flatten()
    )
    wanted = (per_player / 12)[players.labels]
    torch.testing.assert_close(found.values.float(), wanted, atol=1e-5, rtol=1e-5)
    assert found.base_value == pytest.approx(2)
    assert found.completeness_error == pytest.approx(0, abs=1e-9)
    assert found.evaluations == game.evaluations == 16
    assert (found.method, found.settings) == ("Leverage", {"budget": 16, "seed": 0})
    assert found.leaves == 4


def test_resolution_is_that_of_the_leaves() -> None:
    players = rectangles((1, 4, 6), 2, 3)
    game = Game.of(linear(torch.ones(4)), players)
    found = of_players(game, Owen(100)(game), axes(1, 4, 6), Owen(100))
    assert found.resolution() == {"frequency": 4.0, "time": 1.5}
    coarse = of_players(game, Owen(2)(game), axes(1, 4, 6), Owen(2))
    assert coarse.leaves == 1
    assert coarse.resolution() == {"frequency": 8.0, "time": 3.0}


def test_errors_are_spread_as_credits_are() -> None:
    players, method = rectangles((1, 2, 10), 1, 5), Owen(2 + 8 * 3, orderings=8)
    game = Game.of(random_table(4, seed=0), players)
    estimate = method(game)
    found = of_players(game, estimate, axes(1, 2, 10), method)
    assert estimate.errors is not None
    assert found.errors is not None
    assert float(found.errors[0, 1, 7]) == pytest.approx(float(estimate.errors[3]) / 5)


def test_methods_that_do_not_add_up_claim_no_completeness() -> None:
    game = Game.of(random_table(4, seed=0), rectangles((1, 2, 2)))
    found = of_players(game, Occlusion()(game), axes(1, 2, 2), Occlusion())
    assert found.completeness_error is None
    assert found.errors is None


def test_what_does_not_add_up_shows() -> None:
    cells = Estimate.singly(torch.ones(1, 2, 2, dtype=torch.float64), None)
    found = of_cells(cells, (1.0, 4.5), 7, axes(1, 2, 2), Owen())
    assert found.completeness_error == pytest.approx(0.5)
    assert found.evaluations == 7


def test_axes_must_fit() -> None:
    game = Game.of(linear(torch.ones(4)), line(4))
    with pytest.raises(Refused, match="axes of lengths"):
        of_players(game, Leverage(16)(game), axes(1, 2, 2), Leverage(16))


def test_intervals_are_students() -> None:
    values, errors = torch.zeros(1, dtype=torch.float64), torch.ones(1, dtype=torch.float64)
    low, high = Estimate.singly(values, errors, freedom=3).interval(0.95)
    assert (float(low), float(high)) == pytest.approx((-3.1824, 3.1824), abs=1e-3)
    assert bool(Estimate.singly(values, None).interval()[0].isnan().all())
