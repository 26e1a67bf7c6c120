"""The shap library's Kernel explainer over our games."""

from __future__ import annotations

import numpy as np
import pytest
import shap
import torch
from games import Multilinear, line, linear

from tremor.errors import Refused
from tremor.explain.estimators.shap_kernel import ShapKernel
from tremor.explain.estimators.shap_library import worth
from tremor.explain.game import Game


def test_with_every_coalition_it_is_the_shapley_value() -> None:
    game = Multilinear.drawn(8, 30, 5, seed=0)
    played = Game.of(game, line(8))
    found = ShapKernel(2**8)(played)
    torch.testing.assert_close(found.values, game.shapley, atol=1e-9, rtol=0)
    assert played.evaluations <= 2**8
    assert found.errors is None


def test_it_keeps_all_players_where_shap_by_itself_keeps_ten() -> None:
    weights = torch.arange(1, 17, dtype=torch.float64)
    ours = ShapKernel(300)(Game.of(linear(weights, 0.5), line(16)))
    torch.testing.assert_close(ours.values, weights, atol=1e-8, rtol=0)
    explainer = shap.KernelExplainer(worth(Game.of(linear(weights), line(16))), np.zeros((1, 16)))
    left = explainer.shap_values(np.ones((1, 16)), nsamples=300, silent=True)
    assert np.count_nonzero(left) == 10


def test_it_keeps_to_its_budget_and_seed_and_says_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    game = Multilinear.drawn(20, 60, 4, seed=1)
    np.random.seed(5)
    before = np.random.get_state()[1].tolist()
    found = []
    for seed in (2, 2, 3):
        played = Game.of(game, line(20))
        found.append(ShapKernel(200, seed)(played).values)
        assert played.evaluations <= 200
        assert float(found[-1].sum()) == pytest.approx(played.gain, abs=1e-8)
    assert np.random.get_state()[1].tolist() == before
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_players(n: int) -> None:
    weights = torch.arange(1.0, n + 1, dtype=torch.float64)
    found = ShapKernel(2**n)(Game.of(linear(weights), line(n)))
    torch.testing.assert_close(found.values, weights, atol=1e-9, rtol=0)


def test_budgets_that_cannot_tell_the_players_apart_are_refused() -> None:
    with pytest.raises(Refused, match=r"40 coalitions for 30 players(.|\n)*explainer.budget=120"):
        ShapKernel(40)(Game.of(linear(torch.ones(30)), line(30)))
