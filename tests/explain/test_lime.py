"""LIME: its known answers, its errors, and what it says when it tells nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from games import Multilinear, line, linear, random_table
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain.arrange import tiles
from tremor.explain.estimate import Estimate
from tremor.explain.estimators.lime import Lime, cosine_distance, ridge
from tremor.explain.explanation import Axis
from tremor.explain.explanations import Explanations
from tremor.explain.fills import Zero
from tremor.explain.game import Game
from tremor.explain.links import Logit, Probability
from tremor.explain.methods import Case
from tremor.explain.parts import Parts
from tremor.explain.targets import OneClass
from tremor.explain.window_lime import WindowLime, shared

LEADS = ("I", "II", "V1")
AXES = (Axis("component", LEADS), Axis("time", tuple(k / 100 for k in range(60)), "s"))


def case(predict: object, seed: int = 0, batch: int = 256) -> Case:
    record = torch.randn(3, 60, generator=torch.Generator().manual_seed(5))
    return Case(predict, record, AXES, OneClass(0), record[None][:0], seed=seed, batch=batch)  # type: ignore[arg-type]


def method(ridge: float = 0.01, seconds: float = 0.05, **settings: Any) -> WindowLime:
    lime, players = partial(Lime, ridge=ridge), partial(tiles, seconds=seconds, hertz=None)
    return WindowLime(players, Zero, lime, **{"link": Logit(), "budget": 600} | settings)


def weights(seed: int = 0) -> Tensor:
    return torch.randn(3, 60, generator=torch.Generator().manual_seed(seed))


def additive(x: Tensor) -> Tensor:
    return (x * weights()).sum((1, 2))[:, None]


def test_linear_games_are_exact_as_the_ridge_goes_to_nothing() -> None:
    slopes = torch.randn(9, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    game = Game.of(linear(slopes, base=3.0), line(9))
    found = Lime(budget=100, ridge=0.0)(game)
    torch.testing.assert_close(found.values, slopes)
    assert found.trust["surrogate_r2"] == pytest.approx(1)
    assert found.note == ""
    assert not found.complete
    held = Lime(budget=100, ridge=1e4)(game).values
    assert float(held.abs().max()) < 0.02 * float(slopes.abs().max())


def test_an_endless_kernel_gives_the_closed_form_of_multilinear_games() -> None:
    """The best linear fit over all masks: `Σ m_T / 2^(|T| - 1)` over terms with the player."""
    game = Multilinear.drawn(9, 30, 5, seed=0)
    found = Lime(budget=2**9, kernel_width=1e6, ridge=0.0)(Game.of(game, line(9)))
    sizes = game.members.sum(1)
    torch.testing.assert_close(found.values, game.members.T @ (game.weights / 2 ** (sizes - 1)))
    assert found.errors is not None
    assert float(found.errors.max()) == 0


def test_distance_and_kernel_are_those_of_the_cosine() -> None:
    masks = torch.tensor([[1, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]], dtype=torch.bool)
    assert cosine_distance(masks).tolist() == pytest.approx([0, 0.5, 1])


def test_the_ridge_is_that_of_the_normal_equations() -> None:
    """Against a fit with rows repeated as often as they count."""
    generator = torch.Generator().manual_seed(1)
    x = (torch.rand(30, 4, generator=generator) < 0.5).double()
    y = torch.randn(30, generator=generator, dtype=torch.float64)
    often = torch.randint(1, 4, (30,), generator=generator)
    once = ridge(x, y, often.double(), 0.7)
    many = ridge(
        x.repeat_interleave(often, 0),
        y.repeat_interleave(often),
        torch.ones(int(often.sum()), dtype=torch.float64),
        0.7,
    )
    torch.testing.assert_close(once.beta, many.beta)


def test_intervals_cover_the_fit_of_all_masks() -> None:
    held = []
    for s in range(2):
        game = Game.of(Multilinear.drawn(8, 30, 3, s), line(8))
        truth = Lime(budget=2**8)(game).values
        for seed in range(60):
            low, high = Lime(budget=120, seed=seed)(game).interval(0.95)
            held.append((low <= truth) & (truth <= high))
    assert 0.91 <= float(torch.stack(held).double().mean()) <= 0.985


def test_what_tells_nothing_is_said() -> None:
    flat = Lime(budget=60)(Game.of(lambda masks: 1 + 1e-5 * masks.double().sum(1), line(8)))
    assert "nothing to explain" in flat.note
    parity = Lime(budget=2**8, kernel_width=9.0)(
        Game.of(lambda m: (m.sum(1) % 2).double(), line(8))
    )
    assert "do not read it" in parity.note
    assert parity.trust["surrogate_r2"] < 0.2
    constant = Lime(budget=60)(Game.of(lambda masks: torch.full((len(masks),), 0.7), line(8)))
    assert float(constant.values.abs().max()) < 1e-9
    assert constant.trust["surrogate_r2"] == 0


def test_who_changes_nothing_gets_nothing() -> None:
    others = random_table(7, seed=1)
    lime = Lime(budget=2**8, kernel_width=1e6, ridge=0.0)  # a finite kernel sees interactions
    found = lime(Game.of(lambda m: others(torch.cat([m[:, :3], m[:, 4:]], 1)), line(8)))
    assert abs(float(found.values[3])) < 1e-9


def test_too_few_masks_are_refused_and_seeds_are_kept() -> None:
    game = Game.of(random_table(8, 0), line(8))
    with pytest.raises(Refused, match="budget"):
        Lime(budget=19)(game)
    with pytest.raises(Refused, match="kernel"):
        Lime(budget=99, kernel_width=0.0)(game)
    first, again, other = (Lime(60, seed=s)(game).values for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


def test_windows_then_leads_are_exact_where_all_adds_up() -> None:
    """Every window of a linear network has the sum of its weights, its leads theirs."""
    found = method(0.0, 0.1, topk_events=3)(case(additive), 600)
    each = (weights() * case(additive).record).double()
    windows = each.unflatten(1, (6, 10)).sum((0, 2))
    torch.testing.assert_close(
        found.values.unflatten(1, (6, 10)).sum((0, 2)), windows, atol=1e-4, rtol=0
    )
    top = windows.abs().argsort(descending=True)[:3]
    leads = each.unflatten(1, (6, 10)).sum(2)
    torch.testing.assert_close(
        found.values.unflatten(1, (6, 10)).sum(2)[:, top], leads[:, top], atol=1e-4, rtol=0
    )
    assert found.leaves == 3 * 3 + 3
    assert found.method == "WindowLime"
    assert found.settings["topk_events"] == 3
    assert found.evaluations <= 600
    assert found.trust["leads_r2"] > 0.99
    assert found.completeness_error is None


def test_cells_add_up_to_the_windows() -> None:
    found = method(topk_events=None)(case(_network()), 900)
    only = method(topk_events=0)(case(_network()), 900)
    sums = [e.values.unflatten(1, (12, 5)).sum((0, 2)) for e in (found, only)]
    torch.testing.assert_close(sums[0], sums[1])
    assert found.leaves == 36
    assert only.leaves == 12
    assert found.errors is not None
    assert bool((found.errors > 0).all())


def test_leads_whose_slopes_tell_nothing_are_said() -> None:
    """Windows add up, but within each only the parity of its leads counts."""

    def predict(x: Tensor) -> Tensor:
        there = (x.unflatten(-1, (12, 5)) != 0).any(-1).sum(1)
        return ((there % 2) * torch.linspace(0.5, 2, 12)).sum(1)[:, None]

    made = method(topk_events=2)
    made.estimator = partial(Lime, kernel_width=9.0)  # as good as endless
    found = made(case(predict), 600)
    assert found.note == "leads are not to be read in 2 of 2 windows looked into"
    assert found.trust["surrogate_r2"] > 0.99


def test_leads_keep_their_proportions_and_the_sum() -> None:
    leads = Estimate.singly(
        torch.tensor([3.0, 1.0, 0.0]).double(), torch.tensor([0.1, 0.1, 0.1]).double()
    )
    values, errors = shared(leads, 2.0, 0.4)
    assert values.tolist() == pytest.approx([1.5, 0.5, 0])
    assert errors.tolist() == pytest.approx([math.hypot(0.05, 0.3), math.hypot(0.05, 0.1), 0.05])
    against, _ = shared(leads, -2.0, 0.4)
    assert against.tolist() == pytest.approx([1, -1, -2])
    far, _ = shared(leads, 40.0, 0.4)
    assert float(far.sum()) == pytest.approx(40)
    assert far.tolist() == pytest.approx([12 + 8, 4 + 8, 8])


def test_probabilities_may_be_explained() -> None:
    found = method(link=Probability())(case(additive), 300)
    assert 0 <= found.output <= 1
    assert found.settings["link"] == "Probability"


def test_order_and_batch_change_nothing() -> None:
    network = _network()
    made = [method()(case(network, seed=3, batch=b), 300).values for b in (7, 256, 256)]
    torch.testing.assert_close(made[0], made[1], atol=1e-5, rtol=1e-4)
    assert torch.equal(made[1], made[2])
    assert not torch.equal(made[1], method()(case(network, seed=4), 300).values)


def test_the_least_budget_is_enough() -> None:
    one = case(_network())
    least = method().least(one)
    assert method()(one, least).evaluations <= least + 10


def _network() -> nn.Module:
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv1d(3, 8, 5, padding=2), nn.ReLU(), nn.AdaptiveAvgPool1d(1))
    return nn.Sequential(body, nn.Flatten(), nn.Linear(8, 2)).eval()


def test_pictures_have_windows_too() -> None:
    """Tiles of frequency by time, looked into by component."""
    axes = (
        AXES[0],
        Axis("frequency", tuple(map(float, range(8))), "Hz"),
        Axis("time", tuple(k / 10 for k in range(12)), "s"),
    )
    slopes, record = (
        torch.randn(3, 8, 12, generator=torch.Generator().manual_seed(s)) for s in (0, 1)
    )
    made = WindowLime(partial(tiles, seconds=0.4, hertz=4.0), Zero, Lime, Logit(), topk_events=2)
    one = Case(
        lambda x: (x * slopes).sum((1, 2, 3))[:, None], record, axes, OneClass(0), record[None][:0]
    )
    found = made(one, 300)
    assert found.leaves == 4 + 2 * 3
    assert float(found.values.sum()) == pytest.approx(float((record * slopes).sum()), rel=0.01)


def test_trust_figures_and_notes_are_kept_in_files(tmp_path: Path) -> None:
    found = [method()(case(additive, seed=s), 300) for s in (0, 1)]
    parts = Parts(tmp_path / "parts")
    for name, one in zip("ab", found, strict=True):
        parts.put(name, one)
    back = [parts.get(name, AXES) for name in "ab"]
    assert [one.trust for one in back] == [one.trust for one in found]
    rows = {"record_id": ["a", "b"], "group": ["a", "b"], "label": [0, 1], "predicted": [0, 1]}
    kept = Explanations.gather(back, np.zeros((2, 3, 60)), pd.DataFrame(rows), ("f", "a"), {})
    again = Explanations.open(kept.save(tmp_path / "e.h5"))
    assert again.table["trust_surrogate_r2"].tolist() == kept.table["trust_surrogate_r2"].tolist()
    assert again.one(1).trust == pytest.approx(found[1].trust)
    plain = replace(found[0], trust={})
    mixed = Explanations.gather([plain, found[1]], np.zeros((2, 3, 60)), pd.DataFrame(rows), (), {})
    assert mixed.one(0).trust == {}
