"""Deletion, insertion and sensitivity-n: closed forms, oracles and their opposites."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from tremor.errors import Refused
from tremor.explain.audit.curves import Curves, Deletion
from tremor.explain.audit.cut import blocks, cut
from tremor.explain.audit.sensitivity import Sensitivity, SensitivityN, log_grid

Score = Callable[[Tensor], Tensor]
N = 40


def drawn(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


RECORD, FILL = drawn(2, N // 2), drawn(3, 2, N // 2, seed=1)
WEIGHTS = drawn(2, N // 2, seed=2)
CREDITS = WEIGHTS * (RECORD - FILL.mean(0))
CELLS = torch.arange(N).view(2, N // 2)


def additive(inputs: Tensor) -> Tensor:
    return (inputs * WEIGHTS).sum((1, 2)) + 0.5


def redundant(inputs: Tensor) -> Tensor:
    """Interactions: a smooth maximum of products."""
    return torch.logsumexp(inputs[:, 0] * inputs[:, 1] * 2, 1)


def curves(
    attribution: Tensor = CREDITS,
    score: Score = additive,
    leaf: Tensor = CELLS,
    batch: int = 256,
    deletion: Deletion | None = None,
    area: Tensor | None = None,
) -> Curves:
    parts = cut(score, RECORD, FILL, leaf, area, batch)
    return (deletion or Deletion(steps=N))(parts, attribution)


def sensitivity(
    attribution: Tensor = CREDITS,
    score: Score = additive,
    leaf: Tensor = CELLS,
    batch: int = 256,
    seed: int = 0,
) -> Sensitivity:
    return SensitivityN(seed=seed)(cut(score, RECORD, FILL, leaf, batch=batch), attribution)


def test_the_closed_form_of_an_additive_game() -> None:
    found = curves()
    empty, full = float(additive(FILL).mean()), float(additive(RECORD[None]))
    worth = CREDITS.flatten().sort(descending=True).values
    half = torch.arange(1, N + 1).double() - 0.5
    assert found.full == pytest.approx(full)
    assert found.empty == pytest.approx(empty)
    assert found.most_first.area == pytest.approx(empty + float(worth @ half) / N)
    assert found.least_first.area == pytest.approx(empty + float(worth.flip(0) @ half) / N)
    assert found.random_area == pytest.approx((full + empty) / 2)
    assert float(found.random_deltas.mean()) == pytest.approx(0, abs=1e-12)
    assert found.scale == pytest.approx(abs(full - empty))


def test_insertion_is_what_is_left_with_the_most_relevant_alone() -> None:
    found = curves(score=redundant)
    order = CREDITS.flatten().argsort(descending=True)
    for step in (0, 1, 7, N):
        kept = torch.zeros(N, dtype=torch.bool)
        kept[order[:step]] = True
        score = redundant(torch.where(kept.view(2, -1), RECORD, FILL)).mean()
        assert float(found.insertion.scores[step]) == pytest.approx(float(score))
    assert found.insertion.area == pytest.approx(found.least_first.area)
    torch.testing.assert_close(found.insertion.fractions, torch.arange(N + 1).double() / N)


def test_the_truth_beats_every_random_order_and_its_opposite_none() -> None:
    oracle, opposite = curves(), curves(-CREDITS)
    assert (oracle.beaten, opposite.beaten) == (1.0, 0.0)
    assert oracle.delta == pytest.approx(-opposite.delta)
    assert oracle.delta > float(oracle.random_deltas.max()) > 0


def test_random_maps_beat_half_of_random_orders() -> None:
    maps = [drawn(2, N // 2, seed=100 + seed) for seed in range(60)]
    shares = [curves(m, deletion=Deletion(steps=10, seed=i)).beaten for i, m in enumerate(maps)]
    assert sum(s or 0.0 for s in shares) / 60 == pytest.approx(0.5, abs=0.1)


def test_a_score_that_never_changes_is_undefined() -> None:
    found = curves(score=lambda inputs: torch.full((len(inputs),), 0.7))
    assert (found.scale, found.beaten) == (None, None)
    assert sensitivity(score=lambda inputs: torch.full((len(inputs),), 0.7)).value is None


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_a_map_without_contrast_gives_no_order(level: float) -> None:
    """Equal parts go together: none comes first because of its place."""
    found = curves(torch.full((2, N // 2), level))
    assert len(found.most_first.scores) == 2
    assert found.delta == 0
    assert found.beaten == pytest.approx(0.5)
    assert sensitivity(torch.full((2, N // 2), level)).value == 0


def test_cells_of_a_leaf_go_together_and_steps_are_of_equal_area() -> None:
    seen: list[Tensor] = []

    def watched(inputs: Tensor) -> Tensor:
        seen.append(inputs)
        return additive(inputs)

    leaf = blocks((2, N // 2), (1, 5))
    found = curves(score=watched, leaf=leaf, deletion=Deletion(steps=4))
    assert leaf.max() == 7
    torch.testing.assert_close(found.most_first.fractions, torch.linspace(0, 1, 5).double())
    kept = (torch.cat(seen).view(-1, 3, 2, N // 2) == RECORD)[:, 0]
    share = torch.stack([kept[:, leaf == part].double().mean(1) for part in range(8)])
    assert set(share.unique().tolist()) == {0.0, 1.0}


def test_area_is_what_cells_take_up() -> None:
    """Two parts of equal credit: that of three quarters of the area has less of it per area."""
    area = torch.ones(2, N // 2)
    area[0] = 3.0
    component = (CELLS >= N // 2).long()
    found = curves(torch.ones(2, N // 2), leaf=component, area=area)
    assert found.most_first.fractions.tolist() == pytest.approx([0, 0.25, 1])
    assert found.least_first.fractions.tolist() == pytest.approx([0, 0.75, 1])
    assert found.insertion.fractions.tolist() == pytest.approx([0, 0.25, 1])


def test_large_parts_come_by_credit_per_area() -> None:
    """Two parts: one of 38 cells and more credit, one of 2 cells and more credit per cell."""
    weights = torch.full((2, N // 2), 0.1, dtype=torch.float64)
    weights[0, :2] = 1.0
    leaf = (weights < 1).long()
    parts = cut(lambda x: x.sum((1, 2)), weights, torch.zeros(1, 2, N // 2).double(), leaf)
    found = Deletion(steps=20)(parts, weights)
    assert found.most_first.fractions.tolist() == pytest.approx([0, 0.05, 1])
    assert found.most_first.scores.tolist() == pytest.approx([5.8, 3.8, 0])


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_values_do_not_depend_on_the_batch(batch: int) -> None:
    found, same = curves(score=redundant, batch=batch), curves(score=redundant)
    torch.testing.assert_close(found.most_first.scores, same.most_first.scores)
    torch.testing.assert_close(found.random_deltas, same.random_deltas)
    wanted = sensitivity(score=redundant).correlations
    assert sensitivity(score=redundant, batch=batch).correlations == pytest.approx(wanted)


def test_never_more_than_a_batch_at_once_and_evaluations_are_counted() -> None:
    seen: list[int] = []

    def watched(inputs: Tensor) -> Tensor:
        seen.append(len(inputs))
        return additive(inputs)

    found = curves(score=watched, batch=32, deletion=Deletion())
    assert max(seen) <= 32
    assert sum(seen) == found.evaluations
    assert found.evaluations <= 3 * (22 * 19 + 2)


def test_seeds() -> None:
    one, same, other = (curves(deletion=Deletion(seed=s)).random_deltas for s in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert sensitivity(score=redundant, seed=1) == sensitivity(score=redundant, seed=1)
    assert sensitivity(score=redundant, seed=1) != sensitivity(score=redundant, seed=2)


def test_sensitivity_is_one_for_additive_games_and_minus_one_for_the_opposite() -> None:
    for leaf in (CELLS, blocks((2, N // 2), (1, 3))):
        found = sensitivity(leaf=leaf)
        assert found.correlations == pytest.approx([1.0] * len(found.sizes))
        assert sensitivity(-CREDITS, leaf=leaf).value == pytest.approx(-1.0)


def test_sensitivity_of_random_maps_is_near_zero_and_is_what_chance_says() -> None:
    values = [sensitivity(drawn(2, N // 2, seed=s), seed=s) for s in range(100, 140)]
    assert sum(v.value or 0.0 for v in values) / 40 == pytest.approx(0, abs=0.06)
    assert sum(v.random or 0.0 for v in values) / 40 == pytest.approx(0, abs=0.06)


def test_parts_of_different_area_correlate_by_chance() -> None:
    """Where large parts lose more, even a map of equal credit per area tells something."""
    leaf = (torch.arange(N) ** 2 // 160).view(2, N // 2)
    weights = torch.full((2, N // 2), 1.0, dtype=torch.float64)
    background = torch.zeros(1, 2, N // 2, dtype=torch.float64)
    parts = cut(lambda x: x.sum((1, 2)), weights, background, leaf)
    noisy = weights * (1 + 0.1 * drawn(2, N // 2))
    found = SensitivityN()(parts, noisy)
    assert found.random is not None
    assert found.random > 0.9


@pytest.mark.parametrize("most", [0, 1, 2, 30, 1000])
def test_sizes_are_even_in_the_log(most: int) -> None:
    sizes = log_grid(most, 6)
    assert sizes == sorted(set(sizes))
    assert len(sizes) <= 6
    assert not sizes or (sizes[0], sizes[-1]) == (1, most)


def test_one_part_has_no_subsets() -> None:
    leaf = torch.zeros(2, N // 2, dtype=torch.int64)
    assert sensitivity(leaf=leaf).value is None
    assert curves(leaf=leaf).delta == 0


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        (lambda: curves(CREDITS[0]), "shape|map"),
        (lambda: curves(CREDITS * torch.nan), "finite"),
        (lambda: curves(leaf=CELLS[0]), "shapes"),
        (lambda: curves(area=torch.zeros(2, N // 2)), "area"),
        (lambda: curves(deletion=Deletion(orders=5)), "5 random orders"),
        (lambda: curves(deletion=Deletion(steps=0)), "0 steps"),
        (lambda: curves(score=lambda x: x.sum((1, 2))[:, None]), "shape"),
        (lambda: curves(score=lambda x: x.sum((1, 2)) / 0), "finite"),
    ],
)
def test_bad_input_is_refused(call: Callable[[], object], problem: str) -> None:
    with pytest.raises(Refused, match=problem):
        call()
