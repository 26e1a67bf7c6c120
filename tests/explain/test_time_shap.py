"""TimeSHAP: pruning, levels that add up, and the closed forms of each."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain.arrange import components, tiles
from tremor.explain.estimators.enumeration import Enumeration
from tremor.explain.estimators.leverage import Leverage
from tremor.explain.explanation import Axis
from tremor.explain.fills import Samples, Zero
from tremor.explain.game import masked
from tremor.explain.levels import Levels, grouped, laid
from tremor.explain.links import Logit
from tremor.explain.methods import Case, Filled
from tremor.explain.targets import OneClass
from tremor.explain.time_shap import TimeShap, pruned
from tremor.explain.time_shap_levels import (
    Cells,
    Crossed,
    Events,
    Features,
    Level,
    crossed,
    stretches,
)

AXES = (
    Axis("component", ("I", "II", "V1")),
    Axis("time", tuple(k / 100 for k in range(80)), "s"),
)
RECORD = torch.randn(3, 80, generator=torch.Generator().manual_seed(5))
WEIGHTS = torch.randn(3, 80, generator=torch.Generator().manual_seed(6))
LEVELS: list[Level] = [Events(), Features(), Cells(2), Crossed(2, 2), Crossed(2, 9)]


def case(predict: Any, **settings: Any) -> Case:
    return Case(predict, RECORD, AXES, OneClass(0), RECORD[None][:0], **settings)


def method(level: Level, **settings: Any) -> TimeShap:
    given = {"fill": Zero, "estimator": Leverage, "link": Logit(), "budget": None} | settings
    return TimeShap(partial(tiles, seconds=0.1, hertz=None), level=level, **given)


def network() -> nn.Module:
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv1d(3, 8, 9, padding=4), nn.Tanh(), nn.AdaptiveMaxPool1d(1))
    return nn.Sequential(body, nn.Flatten(), nn.Linear(8, 2)).eval()


def additive(x: Tensor) -> Tensor:
    return (x * WEIGHTS).sum((1, 2))[:, None]


def blocks(values: Tensor) -> Tensor:
    """Sums `(lead, window)`."""
    return values.unflatten(1, (8, 10)).sum(2)


@pytest.mark.parametrize("level", LEVELS, ids=str)
@pytest.mark.parametrize("tolerance", [None, 0.02])
def test_every_level_adds_up_to_the_gain(level: Level, tolerance: float | None) -> None:
    found = method(level, tolerance=tolerance)(case(network()), 300)
    assert found.completeness_error == pytest.approx(0, abs=1e-9)
    assert abs(found.output - found.base_value) > 1e-3
    assert found.settings["level"] == type(level).__name__
    assert found.evaluations <= 300


def test_events_of_a_sum_over_time_are_the_sums_of_windows() -> None:
    truth = blocks((RECORD * WEIGHTS).double())
    events = method(Events())(case(additive), 300).values
    torch.testing.assert_close(blocks(events).sum(0), truth.sum(0), atol=1e-4, rtol=0)
    leads = method(Features())(case(additive), 300).values
    torch.testing.assert_close(leads.sum(1), truth.sum(1), atol=1e-4, rtol=0)


def test_cells_of_a_sum_are_its_parts() -> None:
    truth = blocks((RECORD * WEIGHTS).double())
    found = method(Cells(2))(case(additive), 300)
    top = truth.sum(0).abs().argsort(descending=True)[:2]
    torch.testing.assert_close(blocks(found.values)[:, top], truth[:, top], atol=1e-4, rtol=0)
    torch.testing.assert_close(blocks(found.values).sum(0), truth.sum(0), atol=1e-4, rtol=0)
    assert found.leaves == 2 * 3 + 6


def test_what_is_not_foremost_is_grouped_by_lead_in_the_first_timeshap() -> None:
    truth = blocks((RECORD * WEIGHTS).double())
    found = method(Crossed(2, 3))(case(additive), 300)
    top = truth.sum(0).abs().argsort(descending=True)[:2]
    torch.testing.assert_close(blocks(found.values)[:, top], truth[:, top], atol=1e-4, rtol=0)
    torch.testing.assert_close(found.values.sum(1), truth.sum(1), atol=1e-4, rtol=0)
    assert found.leaves == 2 * 3 + 3


def test_groups_of_cells_are_windows_by_leads_and_their_rests() -> None:
    window, lead = torch.tensor([0, 0, 0, 1, 1, 1, -1, -1, -1]), torch.tensor([0, -1, 1] * 3)
    group = crossed(window, lead)
    assert len(group.unique()) == 9
    assert len(crossed(window, torch.tensor([0, 1, 2] * 3)).unique()) == 9
    assert int((crossed(window, torch.full((9,), -1)) == 0).sum()) == 3


@pytest.mark.parametrize("last", [10, 30, 80])
def test_pruning_finds_what_a_network_reads(last: int) -> None:
    """The sum of squares of the last samples: all before is pruned, nothing after."""

    def predict(x: Tensor) -> Tensor:
        return x[..., -last:].square().sum((1, 2))[:, None]

    found = method(Events(), tolerance=0.0)(case(predict), 300)
    assert found.trust["pruned_before"] == (80 - last) // 10
    assert found.trust["pruned_after"] == 0
    early = found.values[:, : 80 - last]
    assert early.numel() == 0 or float(early.abs().max()) < 1e-6


def test_pruning_is_two_sided() -> None:
    def predict(x: Tensor) -> Tensor:
        return x[..., 30:50].square().sum((1, 2))[:, None]

    found = method(Cells(2), tolerance=0.0)(case(predict), 300)
    assert (found.trust["pruned_before"], found.trust["pruned_after"]) == (3, 3)
    assert found.completeness_error == pytest.approx(0, abs=1e-9)
    with pytest.raises(Refused, match="pruned"):
        method(Events(), tolerance=0.5)


def test_a_stretch_that_cancels_is_not_pruned() -> None:
    """The first window brings 5, the second takes them: both before the third bring nothing."""
    weights = WEIGHTS.clone()
    weights[:, :20] = 5 / 30 / RECORD[:, :20]
    weights[:, 10:20] *= -1

    def predict(x: Tensor) -> Tensor:
        return (x * weights).sum((1, 2))[:, None]

    levels = Levels.of(_game(predict))
    assert float(stretches(levels)[0][1].abs()) < 1e-4
    assert pruned(levels, 0.01)[1]["pruned_before"] == 0


def _game(predict: Any) -> Any:
    one = case(predict)
    return masked(predict, RECORD, tiles(AXES, 0.1, None), Filled(Zero)(one), OneClass(0))


def test_groups_play_as_the_players_in_them() -> None:
    """Shapley values of windows by groups are those of a game of windows."""
    game = _game(network())
    levels = Levels.of(game)
    assert (levels.leads, levels.windows) == (3, 8)
    few = Enumeration()(grouped(game, levels.window)).values
    whole = masked(network(), RECORD, tiles(AXES, 0.1, None, apart=False), Zero(), OneClass(0))
    torch.testing.assert_close(few, Enumeration()(whole).values)
    inside = grouped(game, levels.within(3))
    assert inside.full == game.full
    assert inside.players.count == 3
    without = RECORD.clone()
    without[:, 30:40] = 0
    assert inside.empty == pytest.approx(network()(without[None])[0, 0].item(), abs=1e-6)


def test_credits_of_groups_go_to_cells_by_their_number() -> None:
    """Windows of 30 and of 20 steps: the shorter player gets the smaller share."""
    players = tiles(AXES, 0.3, None)
    game = masked(network(), RECORD, players, Zero(), OneClass(0))
    levels = Levels.of(game)
    found = laid(game, levels.lead, Enumeration()(grouped(game, levels.lead)))
    painted = players.paint(found.values)
    torch.testing.assert_close(painted, painted[:, :1].expand(3, 80))


def test_records_stay_the_same_in_any_batch_and_with_any_fill() -> None:
    one = network()
    made = [method(Cells(2))(case(one, seed=3, batch=b), 200).values for b in (5, 256)]
    torch.testing.assert_close(made[0], made[1], atol=1e-5, rtol=1e-4)
    drawn = replace(case(one), references=torch.randn(4, 3, 80))
    several = method(Cells(2), fill=partial(Samples, draws=3))(drawn, 600)
    assert several.completeness_error == pytest.approx(0, abs=1e-9)
    assert several.evaluations <= 600 + 4


@pytest.mark.parametrize("level", LEVELS, ids=str)
@pytest.mark.parametrize("tolerance", [None, 0.02])
def test_the_least_budget_is_enough(level: Level, tolerance: float | None) -> None:
    made = method(level, tolerance=tolerance)
    least = made.least(case(network()))
    assert made(case(network()), least).evaluations <= least


def test_players_that_make_no_windows_are_refused() -> None:
    made = method(Events())
    made.players = components
    with pytest.raises(Refused, match="no windows"):
        made(case(network()), 100)
