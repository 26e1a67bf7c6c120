"""Exact Shapley values piece by piece are those of all coalitions, at a fraction of the work."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from games import line
from torch import nn

from tremor.errors import Refused
from tremor.explain.estimators.enumeration import Enumeration
from tremor.explain.estimators.leverage import Leverage
from tremor.explain.fills import Samples, Zero
from tremor.explain.game import Game, Masked, masked
from tremor.explain.levels import Levels, grouped
from tremor.explain.local.shapley import LocalShapley, exact_leads, judged
from tremor.explain.players import partition, time_windows
from tremor.explain.targets import OneClass

LEADS, STEPS, WINDOW = 4, 240, 30


def network() -> nn.Module:
    torch.manual_seed(0)
    layers = (nn.Conv1d(LEADS, 6, 8, padding="same"), nn.ReLU(), nn.Conv1d(6, 6, 3, padding=1))
    head = (nn.ReLU(), nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(6, 2))
    return nn.Sequential(*layers, *head).eval().requires_grad_(False)


NETWORK, RECORD = network(), torch.randn(LEADS, STEPS) * 3
OTHERS = torch.randn(4, LEADS, STEPS)


def game(joint: bool = True, width: int = WINDOW) -> Game:
    players = time_windows((LEADS, STEPS), width, joint)
    return masked(NETWORK, RECORD, players, Samples(OTHERS, 2), OneClass(0), batch=32)


def plain(of: Game) -> Game:
    assert isinstance(of.worth, Masked)
    return replace(of, worth=replace(of.worth, local=None))


def test_windows_as_by_all_coalitions() -> None:
    wanted = Enumeration()(plain(game())).values
    solved = game()
    torch.testing.assert_close(LocalShapley()(solved).values, wanted, rtol=1e-5, atol=1e-6)
    assert solved.evaluations < 3 + 2 * 3  # ends, and fewer than three records a background


def test_any_number_of_windows_adds_up() -> None:
    many = game(width=12)
    assert many.players.count == 20
    found = LocalShapley()(many).values
    assert float(found.sum()) == pytest.approx(many.gain, abs=1e-5)
    near = Leverage(budget=4000)(many)
    torch.testing.assert_close(found, near.values, rtol=0, atol=1e-3)


def test_leads_of_a_window_as_by_all_coalitions() -> None:
    cells = game(joint=False)
    levels = Levels.of(plain(cells))
    for window, found in zip((0, 3), exact_leads(cells, [0, 3]), strict=True):
        wanted = Enumeration()(grouped(levels.game, levels.within(window))).values
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-6)


def test_leads_that_do_nothing_get_nothing() -> None:
    deaf = network()
    deaf[0].weight.data[:, 2] = 0  # type: ignore[union-attr, index, operator]
    players = time_windows((LEADS, STEPS), WINDOW, joint=False)
    found = exact_leads(masked(deaf, RECORD, players, Zero(), OneClass(1)), [4])[0]
    assert float(found[2].abs()) < 1e-6 < float(found.abs().max())


def test_too_many_players_in_sight_are_refused() -> None:
    crowded = partition((LEADS * 4, STEPS), [list(range(1, LEADS * 4)), [100]])
    wide = nn.Sequential(nn.Conv1d(LEADS * 4, LEADS, 1), NETWORK).eval()
    of = masked(wide, torch.randn(LEADS * 4, STEPS), crowded, Zero(), OneClass(0))
    with pytest.raises(Refused, match="2\\^32 coalitions"):
        LocalShapley()(of)
    of = masked(NETWORK, RECORD, partition((LEADS, STEPS), [[], []]), Zero(), OneClass(0))
    with pytest.raises(Refused, match="not a sum over stretches"):
        LocalShapley()(of)
    with pytest.raises(Refused, match="not a sum over stretches"):
        LocalShapley()(Game.of(lambda masks: masks.double().sum(1), line(3)))


def test_samplers_are_judged() -> None:
    exact = torch.tensor([3.0, 0.0, 4.0])
    same = judged(exact, exact)
    assert (same.spearman, same.relative_l2) == (pytest.approx(1), 0)
    off = judged(torch.tensor([4.0, 0.0, 3.0]), exact)
    assert off.spearman == pytest.approx(0.5)
    assert off.relative_l2 == pytest.approx(2**0.5 / 5)
    assert judged(-exact, exact).spearman == pytest.approx(-1)
    nothing = judged(exact, torch.zeros(3))
    assert (nothing.spearman, nothing.relative_l2) == (None, None)
    with pytest.raises(Refused, match="credits of shapes"):
        judged(exact, exact[:2])


def test_a_sampler_comes_nearer_with_more_coalitions() -> None:
    exact = LocalShapley()(game(width=12)).values
    few, many = (judged(Leverage(budget=n)(game(width=12)).values, exact) for n in (60, 2000))
    assert few.relative_l2 is not None
    assert many.relative_l2 is not None
    assert many.relative_l2 < few.relative_l2
