"""The shap library's Partition explainer over our games."""

from __future__ import annotations

import sys

import numpy as np
import pytest
import torch
from games import field, line, owen, random_table
from torch import Tensor, nn

from tremor.errors import Refused
from tremor.explain.estimators.partition_shap import PartitionShap
from tremor.explain.estimators.shap_partition import ShapPartition, tree
from tremor.explain.fills import Blur, Mean
from tremor.explain.game import Game, masked
from tremor.explain.players import components
from tremor.explain.targets import OneClass


@pytest.fixture(scope="module")
def network() -> nn.Module:
    torch.manual_seed(0)
    return (
        nn.Sequential(
            nn.Conv2d(3, 6, 3, padding=1), nn.GELU(), nn.Flatten(), nn.Linear(6 * 9 * 10, 2)
        )
        .double()
        .eval()
    )


def drawn(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(3, 9, 10, dtype=torch.float64, generator=generator)


@pytest.mark.parametrize("budget", [2, 50, 200, 2000])
def test_it_is_our_own_at_the_same_schedule(network: nn.Module, budget: int) -> None:
    fill = Mean(torch.tensor(0.25))
    game, same = (masked(network, drawn(0), field(3, 9, 10), fill, OneClass(0)) for _ in range(2))
    theirs, ours = ShapPartition(budget)(game), PartitionShap(budget)(same)
    torch.testing.assert_close(theirs.values, ours.values, atol=1e-6, rtol=0)
    assert game.evaluations <= max(budget, 2)
    pairs = torch.stack([theirs.leaf, ours.leaf]).unique(dim=1).shape[1]
    assert pairs == len(theirs.leaf.unique()) == len(ours.leaf.unique())
    assert float(theirs.values.sum()) == pytest.approx(game.gain, abs=1e-9)


def test_with_enough_it_is_the_owen_value() -> None:
    worth = random_table(7, seed=1)
    found = ShapPartition(2000)(Game.of(worth, line(7)))
    torch.testing.assert_close(found.values, owen(worth, line(7)), atol=1e-10, rtol=0)
    assert len(found.leaf.unique()) == 7


def test_a_record_after_another_has_a_blur_of_its_own(network: nn.Module) -> None:
    """shap's image masker gave the second record the first one's blur: records come and go here
    at the same addresses.
    """
    for seed in range(4):
        game = masked(network, drawn(seed), field(3, 9, 10), Blur(), OneClass(1))
        again = masked(network, drawn(seed), field(3, 9, 10), Blur(), OneClass(1))
        theirs, ours = ShapPartition(60)(game), PartitionShap(60)(again)
        torch.testing.assert_close(theirs.values, ours.values, atol=1e-6, rtol=0)
        del game, again


def test_ties_are_drawn_by_the_seed_and_nobody_elses_luck_changes() -> None:
    def even(masks: Tensor) -> Tensor:
        return masks[:, 3::16].double().sum(1)

    np.random.seed(5)
    before = np.random.get_state()[1].tolist()
    found = [ShapPartition(30, seed)(Game.of(even, line(64))).values for seed in (3, 3, 4)]
    assert np.random.get_state()[1].tolist() == before
    np.random.seed(6)
    again = ShapPartition(30, 3)(Game.of(even, line(64))).values
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], again)
    assert not torch.equal(found[0], found[2])


def test_a_single_player_has_it_all() -> None:
    game = Game.of(lambda masks: masks[:, 0] * 2.0, components((1, 5)))
    assert ShapPartition()(game).values.tolist() == [2.0]


def test_the_tree_holds_every_box_once() -> None:
    players = field(3, 5, 6)
    clustering = tree(players)
    assert clustering.shape == (89, 4)
    children = sorted(clustering[:, :2].flatten().tolist())
    assert children == list(range(2 * 90 - 2))
    assert clustering[-1, 3] == 90


def test_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "shap", None)
    with pytest.raises(Refused, match=r"shap library(.|\n)*pip install 'tremor\[shap\]'"):
        ShapPartition()(Game.of(random_table(3, 0), line(3)))
