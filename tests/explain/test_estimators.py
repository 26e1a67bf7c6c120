"""Known answers, for every estimator of a game."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from games import Multilinear, coverage, field, line, linear, owen, random_table
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain.estimate import Estimate
from tremor.explain.estimators.enumeration import Enumeration
from tremor.explain.estimators.guided_owen import GuidedOwen
from tremor.explain.estimators.leverage import Leverage
from tremor.explain.estimators.occlusion import Occlusion
from tremor.explain.estimators.owen import Owen
from tremor.explain.estimators.partition_shap import PartitionShap
from tremor.explain.fills import Zero
from tremor.explain.game import Game, masked
from tremor.explain.players import Players, rectangles
from tremor.explain.targets import OneClass

Estimator = Callable[[Game], Estimate]
COMPLETE: list[Estimator] = [Enumeration(), Leverage(60), Owen(60), PartitionShap(60)]
ALL = [*COMPLETE, Occlusion()]


def named(estimator: Estimator) -> str:
    return type(estimator).__name__


@pytest.mark.parametrize("estimator", ALL, ids=named)
def test_linear_games_are_exact(estimator: Estimator) -> None:
    weights = torch.randn(8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    found = estimator(Game.of(linear(weights, base=3.0), line(8)))
    torch.testing.assert_close(found.values, weights)


@pytest.mark.parametrize("estimator", ALL, ids=named)
def test_a_constant_gives_zeros(estimator: Estimator) -> None:
    found = estimator(Game.of(lambda masks: torch.full((len(masks),), 0.7), line(8)))
    assert float(found.values.abs().max()) == 0
    assert found.errors is None or float(found.errors.max()) == 0


@pytest.mark.parametrize("estimator", COMPLETE, ids=named)
@pytest.mark.parametrize("n", [1, 2, 3, 9])
def test_credits_sum_to_the_gain(estimator: Estimator, n: int) -> None:
    game = Game.of(random_table(n, seed=n), line(n))
    assert float(estimator(game).values.sum()) == pytest.approx(game.gain, abs=1e-9)


@pytest.mark.parametrize("estimator", ALL, ids=named)
def test_who_changes_nothing_gets_nothing(estimator: Estimator) -> None:
    """Player 3 is the dummy; the others interact in every order."""
    others = random_table(7, seed=1)

    def worth(masks: Tensor) -> Tensor:
        return others(torch.cat([masks[:, :3], masks[:, 4:]], 1))

    found = estimator(Game.of(worth, line(8)))
    value = float(found.values[3].abs())
    noise = 0.0 if found.errors is None else 3.5 * float(found.errors[3])
    assert value <= noise + 1e-9
    assert float(found.values.abs().max()) > 0.1


@pytest.mark.parametrize("estimator", [Enumeration(), Leverage(2**8), PartitionShap(10**4)])
def test_equal_players_get_equal_credit(estimator: Estimator) -> None:
    """Players 2k and 2k + 1 are siblings in the tree and count alike."""
    pairs = Multilinear.drawn(4, 12, 3, seed=2)

    def worth(masks: Tensor) -> Tensor:
        both, either = masks[:, ::2] & masks[:, 1::2], masks[:, ::2] | masks[:, 1::2]
        return pairs(both) + 2 * pairs(either)

    found = estimator(Game.of(worth, line(8))).values
    torch.testing.assert_close(found[::2], found[1::2])
    assert float(found.diff().abs().max()) > 0.1


def test_enumeration_is_the_closed_form_of_multilinear_games() -> None:
    game = Multilinear.drawn(9, 30, 5, seed=0)
    torch.testing.assert_close(Enumeration()(Game.of(game, line(9))).values, game.shapley)


def test_a_game_of_everyone_or_nothing_is_shared_evenly() -> None:
    found = Enumeration()(Game.of(lambda masks: masks.all(1).double(), line(6))).values
    torch.testing.assert_close(found, torch.full((6,), 1 / 6, dtype=torch.float64))


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8])
def test_leverage_with_every_coalition_is_enumeration(n: int) -> None:
    worth = random_table(n, seed=n)
    found = Leverage(2**n)(game := Game.of(worth, line(n)))
    exact = Enumeration()(Game.of(worth, line(n))).values
    torch.testing.assert_close(found.values, exact)
    assert found.errors is not None
    assert float(found.errors.max()) == 0
    assert game.evaluations == 2**n


def test_leverage_is_exact_for_pairs_and_near_for_more() -> None:
    second = Multilinear.drawn(40, 200, 2, seed=0)
    found = Leverage(100)(Game.of(second, line(40))).values
    torch.testing.assert_close(found, second.shapley, atol=1e-9, rtol=0)
    fourth = Multilinear.drawn(40, 200, 4, seed=0)
    errors = [_error(Leverage(b)(Game.of(fourth, line(40))).values, fourth) for b in (100, 1000)]
    assert errors[1] < 0.1 < errors[0]


def _error(found: Tensor, game: Multilinear) -> float:
    return float((found - game.shapley).norm() / game.shapley.norm())


def test_leverage_draws_no_coalition_twice_and_every_size_alike() -> None:
    seen: list[Tensor] = []

    def worth(masks: Tensor) -> Tensor:
        seen.append(masks)
        return masks.sum(1).double()

    game = Game.of(worth, line(20))
    Leverage(802)(game)
    masks = torch.cat(seen)
    assert len(masks) == game.evaluations == 802
    assert len(masks.unique(dim=0)) == 802
    by_size = torch.bincount(masks.sum(1), minlength=21)
    assert by_size[1] == by_size[19] == 20
    assert int(by_size[2:19].max() - by_size[2:19].min()) <= 1


def test_large_sizes_are_drawn_from_without_a_list() -> None:
    """At 1,100 players a size has more coalitions than a float can count."""
    for n, budget in ((60, 2000), (1100, 2300)):
        weights = torch.arange(n, dtype=torch.float64)
        found = Leverage(budget)(Game.of(linear(weights), line(n))).values
        torch.testing.assert_close(found, weights, atol=1e-6, rtol=0)


@pytest.mark.parametrize("shape", [(1, 1, 7), (1, 2, 3), (2, 2, 2)])
def test_partition_shap_with_every_split_is_the_owen_value(shape: tuple[int, ...]) -> None:
    players, worth = field(*shape), random_table(math.prod(shape), 0)
    found = PartitionShap(10**5)(Game.of(worth, players)).values
    torch.testing.assert_close(found, owen(worth, players))


def test_partition_shap_splits_the_largest_difference_first() -> None:
    """Six coalitions: the root, then one of the four pieces that it makes."""
    worth = random_table(4, seed=5)

    def v(*members: int) -> float:
        return float(worth(torch.tensor([[k in members for k in range(4)]])))

    pieces = {
        (0, ()): v(0, 1) - v(),
        (2, ()): v(2, 3) - v(),
        (0, (2, 3)): v(0, 1, 2, 3) - v(2, 3),
        (2, (0, 1)): v(0, 1, 2, 3) - v(0, 1),
    }
    wanted = torch.zeros(4, dtype=torch.float64)
    for (first, _), credit in pieces.items():
        wanted[first : first + 2] += credit / 4
    (a, seen), credit = max(pieces.items(), key=lambda item: abs(item[1]))
    b = a + 1
    wanted[a : a + 2] -= credit / 4
    wanted[a] += (v(a, *seen) - v(*seen) + v(a, b, *seen) - v(b, *seen)) / 4
    wanted[b] += (v(b, *seen) - v(*seen) + v(a, b, *seen) - v(a, *seen)) / 4
    found = PartitionShap(6)(game := Game.of(worth, line(4)))
    torch.testing.assert_close(found.values, wanted)
    assert game.evaluations == 6


def test_owen_goes_to_the_owen_value_and_knows_how_near_it_is() -> None:
    players, worth = field(1, 2, 4), random_table(8, seed=3)
    truth = owen(worth, players)
    few, many = (Owen(b)(Game.of(worth, players)) for b in (200, 20_000))
    assert few.errors is not None
    assert many.errors is not None
    assert float(many.errors.mean()) < 0.2 * float(few.errors.mean())
    assert float(((many.values - truth) / many.errors).abs().max()) < 4
    shapley = Enumeration()(Game.of(worth, players)).values
    assert float((truth - shapley).abs().max()) > 20 * float(many.errors.max())


def test_owen_in_one_pair_of_orderings_is_exact_for_pairs_of_players() -> None:
    game = Multilinear.drawn(16, 60, 2, seed=1)
    players = line(16)
    found = Owen(2 + 2 * 15, orderings=2)(Game.of(game, players))
    torch.testing.assert_close(found.values, game.shapley)
    assert found.errors is None


@pytest.mark.parametrize("estimator", [Owen(58), PartitionShap(200)], ids=named)
def test_what_is_not_split_shares_its_leaf(estimator: Estimator) -> None:
    weights = torch.zeros(64)
    weights[37] = -5.0
    game = Game.of(linear(weights), line(64))
    found = estimator(game)
    assert game.evaluations <= estimator.budget  # type: ignore[attr-defined]
    assert 4 < len(found.leaf.unique()) < 64
    for number in found.leaf.unique():
        assert len(found.values[found.leaf == number].unique()) == 1
    assert float(found.values[37]) == pytest.approx(-5.0)
    assert int((found.leaf == found.leaf[37]).sum()) == 1


def test_owen_resolves_more_than_partition_shap_at_equal_evaluations() -> None:
    game, players = Multilinear.drawn(256, 2000, 3, seed=0), field(1, 16, 16)
    leaves = [
        len(estimator(Game.of(game, players)).leaf.unique())
        for estimator in (Owen(500, orderings=2), PartitionShap(500))
    ]
    assert leaves[0] == 250
    assert leaves[1] < 80


@pytest.mark.parametrize("n", [9, 12])
@pytest.mark.parametrize("budget", [60, 200])
def test_leverage_intervals_cover(n: int, budget: int) -> None:
    held = [
        coverage(lambda seed: Leverage(budget, seed), game, game.shapley, 60)
        for game in (Multilinear.drawn(n, 40, 4, s) for s in range(2))
    ]
    assert 0.91 <= sum(held) / 2 <= 0.98


def test_owen_intervals_cover() -> None:
    held = []
    for seed in range(4):
        worth = random_table(8, seed)
        truth = owen(worth, line(8))
        held.append(coverage(lambda s: Owen(2 + 24 * 7, 24, s), worth, truth, 60))
    assert 0.9 <= sum(held) / 4 <= 0.98


@pytest.mark.parametrize("estimator", [*ALL, GuidedOwen(60)], ids=named)
def test_the_size_of_batches_changes_nothing(estimator: Estimator) -> None:
    network, record, players = _network()
    made = []
    for batch in (1, 7, 512):
        game = masked(network, record, players, Zero(), OneClass(1), batch=batch)
        made.append(estimator(game))
    for other in made[1:]:
        torch.testing.assert_close(other.values, made[0].values, atol=1e-5, rtol=0)
        assert torch.equal(other.leaf, made[0].leaf)
    assert float(made[0].values.abs().max()) > 1e-3
    if made[0].complete:
        assert float(made[0].values.sum()) == pytest.approx(game.gain, abs=1e-6)


def _network() -> tuple[nn.Module, Tensor, Players]:
    """A small spectrogram classifier, its record and 12 tiles."""
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(2, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(1))
    network = nn.Sequential(body, nn.Flatten(), nn.Linear(8, 3)).eval()
    return network, torch.randn(2, 9, 8), rectangles((2, 9, 8), 3, 2)


def test_owen_takes_the_orderings_that_its_budget_is_best_spent_on() -> None:
    """Few where players count one by one; many where they interact beyond what is resolved."""
    noise = torch.randn(256, generator=torch.Generator().manual_seed(0))
    plain, blocks = Game.of(linear(noise), line(256)), random_table(8, seed=0)
    assert len(Owen(200)(plain).leaf.unique()) > 70
    rough = Game.of(lambda masks: blocks(masks.view(-1, 8, 32)[:, :, 0]), line(256))
    assert Owen(1000)(rough).errors is not None
    assert Owen(1000, orderings=2)(rough).errors is None


def test_owen_asks_for_no_coalition_twice() -> None:
    seen: list[Tensor] = []

    def worth(masks: Tensor) -> Tensor:
        seen.append(masks)
        return masks.sum(1).double()

    game = Game.of(worth, line(9))
    Owen(600, orderings=24)(game)
    masks = torch.cat(seen)
    assert len(masks) == game.evaluations < 2 + 24 * 8
    assert len(masks.unique(dim=0)) == len(masks)


def test_guided_owen_is_exact_at_once_where_slopes_tell_all() -> None:
    """A linear network on 288 players: 40 coalitions tell few apart, two gradients all."""
    torch.manual_seed(0)
    record, network = torch.randn(2, 9, 16), nn.Sequential(nn.Flatten(), nn.Linear(288, 2))
    game = masked(network.eval(), record, field(2, 9, 16), Zero(), OneClass(1))
    found = GuidedOwen(40)(game)
    exact = (network[1].weight[1] * record.flatten()).detach().double()
    torch.testing.assert_close(found.values, exact, atol=1e-5, rtol=0)
    assert game.evaluations <= 42


def test_guided_owen_goes_to_the_owen_value() -> None:
    network, record, _ = _network()
    players = rectangles((2, 9, 8), 3, 4)
    small = masked(network, record, players, Zero(), OneClass(1))
    truth = owen(lambda masks: small.worth(masks).double(), players)
    many = GuidedOwen(20_000)(small)
    assert many.errors is not None
    assert float(many.errors.max()) < 0.02 * float(truth.abs().max())
    assert float(((many.values - truth) / many.errors).abs().max()) < 4
    assert float(many.values.sum()) == pytest.approx(small.gain, abs=1e-6)
    assert small.evaluations <= 20_003


def test_guided_owen_needs_gradients() -> None:
    with pytest.raises(Refused, match="no gradients"):
        GuidedOwen()(Game.of(linear(torch.ones(20)), line(20)))


@pytest.mark.parametrize("n", range(4, 15))
def test_the_least_budget_of_leverage_tells_all_players_apart(n: int) -> None:
    weights = torch.arange(n, dtype=torch.float64)
    for seed in range(5):
        found = Leverage(min(2 * n + 4, 2**n), seed)(Game.of(linear(weights), line(n)))
        torch.testing.assert_close(found.values, weights)


@pytest.mark.parametrize("estimator", [Leverage, Owen], ids=["leverage", "owen"])
def test_seeds_are_kept_and_differ(estimator: Callable[..., Estimator]) -> None:
    worth = random_table(12, seed=0)
    first, again, other = (
        estimator(100, seed=s)(Game.of(worth, line(12))).values for s in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


def test_too_much_or_too_little_is_refused() -> None:
    game = Game.of(linear(torch.ones(20)), line(20))
    with pytest.raises(Refused, match="coalitions"):
        Enumeration()(game)
    with pytest.raises(Refused, match="budget"):
        Leverage(30)(game)
    with pytest.raises(Refused, match="paired"):
        Owen(orderings=3)(game)
