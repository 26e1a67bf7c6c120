"""MixUp and CutMix: weights equal what was mixed, and labels follow the records."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from tremor.errors import Refused
from tremor.signal.mixing import Mixing, boxes

SHAPES = [(6, 3, 40), (6, 3, 16, 20)]


def numbered(*shape: int) -> Tensor:
    """Every cell of a record holds its number."""
    return torch.arange(float(shape[0])).view(-1, *[1] * (len(shape) - 1)).expand(shape)


def full(x: Tensor) -> Tensor:
    return torch.full((len(x),), x.shape[-1])


@pytest.mark.parametrize("shape", SHAPES)
def test_neither_leaves_records_and_labels_alone(shape: tuple[int, ...]) -> None:
    x, labels = torch.randn(shape), torch.eye(6)
    mixed = Mixing()(x, full(x))
    assert mixed.x is x
    assert torch.equal(mixed.of(labels), labels)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("kind", ["mixup", "cutmix"])
def test_the_weight_is_the_share_of_the_own_record(shape: tuple[int, ...], kind: str) -> None:
    """A record whose cells hold its number has, mixed, the mean that its labels say."""
    torch.manual_seed(0)
    x = numbered(*shape)
    before = x.clone()
    for _ in range(20):
        mixed = Mixing(**{f"{kind}_p": 1.0})(x, full(x))
        own = torch.arange(6.0)
        expected = mixed.weight * own + (1 - mixed.weight) * own[mixed.partner]
        torch.testing.assert_close(mixed.x.flatten(1).mean(1), expected)
        labels = mixed.of(torch.eye(6))
        torch.testing.assert_close(labels @ own, expected)
        torch.testing.assert_close(labels.sum(-1), torch.ones(6))
        assert sorted(mixed.partner.tolist()) == list(range(6))
    assert torch.equal(x, before)


def test_mixup_is_the_weighted_mean() -> None:
    torch.manual_seed(0)
    x = torch.randn(5, 2, 7)
    mixed = Mixing(mixup_p=1.0)(x, full(x))
    w = mixed.weight[:, None, None]
    torch.testing.assert_close(mixed.x, w * x + (1 - w) * x[mixed.partner])
    assert len(set(mixed.weight.tolist())) == 5


def test_cutmix_pastes_one_box_in_all_channels() -> None:
    torch.manual_seed(0)
    x = torch.randn(6, 3, 16, 20)
    mixed = Mixing(cutmix_p=1.0)(x, full(x))
    changed = (mixed.x != x).any(1)
    for number, partner in enumerate(mixed.partner.tolist()):
        if partner == number:
            continue
        rows, columns = changed[number].any(1), changed[number].any(0)
        inside = rows[:, None] & columns
        assert bool((changed[number] == inside).all())
        here = inside.expand(3, -1, -1)
        assert torch.equal(mixed.x[number][here], x[partner][here])
        assert torch.equal(mixed.x[number][~here], x[number][~here])
        assert float(mixed.weight[number]) == pytest.approx(1 - float(inside.float().mean()))


@given(
    weight=st.floats(0, 1), seed=st.integers(0, 10**6), size=st.tuples(*[st.integers(1, 24)] * 2)
)
@settings(max_examples=50, deadline=None)
def test_a_box_is_no_larger_than_asked(weight: float, seed: int, size: tuple[int, int]) -> None:
    torch.manual_seed(seed)
    x = torch.zeros(4, 1, *size)
    box = boxes(x, torch.full((4,), weight))
    assert box.shape == (4, 1, *size)
    assert bool((box.float().flatten(1).mean(1) <= 1 - weight + 1e-6).all())


def test_boxes_lie_anywhere_and_the_corners_of_the_record_are_reached() -> None:
    torch.manual_seed(0)
    found = boxes(torch.zeros(4000, 1, 8, 8), torch.full((4000,), 0.75)).float().mean(0)[0]
    assert float(found.min()) > 0.05
    torch.testing.assert_close(found, found.flip(0).flip(1), atol=0.15, rtol=0)


@pytest.mark.parametrize(("mixup", "cutmix"), [(0.25, 0.25), (0.0, 0.5), (1.0, 0.0)])
def test_batches_are_mixed_as_often_as_asked(mixup: float, cutmix: float) -> None:
    torch.manual_seed(0)
    mixing, x = Mixing(mixup, 1.0, cutmix, 1.0), numbered(8, 1, 30)
    kinds = {"none": 0, "mixup": 0, "cutmix": 0}
    for _ in range(400):
        found = mixing(x, full(x)).x
        whole = bool((found == found.round()).all())
        kinds["none" if found is x else "cutmix" if whole else "mixup"] += 1
    assert kinds["mixup"] / 400 == pytest.approx(mixup, abs=0.08)
    assert kinds["cutmix"] / 400 == pytest.approx(cutmix, abs=0.08)


def test_the_seed_decides() -> None:
    x = torch.randn(4, 2, 9)
    for kind in ("mixup_p", "cutmix_p"):
        found = []
        for _ in range(2):
            torch.manual_seed(3)
            found.append(Mixing(**{kind: 1.0})(x, full(x)).x)
        assert torch.equal(*found)


def test_a_single_record_is_mixed_with_itself() -> None:
    x = torch.randn(1, 2, 9)
    torch.testing.assert_close(Mixing(mixup_p=1.0)(x, full(x)).x, x)


def test_gradients_reach_both_records() -> None:
    torch.manual_seed(0)
    x = torch.randn(4, 2, 9, requires_grad=True)
    mixed = Mixing(mixup_p=1.0)(x, full(x))
    mixed.x.sum().backward()
    mass = torch.zeros(4).index_add(0, mixed.partner, 1 - mixed.weight) + mixed.weight
    torch.testing.assert_close(x.grad, mass[:, None, None].expand(4, 2, 9))


@pytest.mark.parametrize(
    "broken",
    [
        {"mixup_p": 0.6, "cutmix_p": 0.5},
        {"mixup_p": -0.1},
        {"mixup_alpha": 0.0},
        {"cutmix_alpha": -1.0},
    ],
)
def test_what_cannot_be_is_refused(broken: dict[str, float]) -> None:
    with pytest.raises(Refused, match=r"task\.mix"):
        Mixing(**broken)


def test_records_of_unequal_lengths_are_refused() -> None:
    with pytest.raises(Refused, match="unequal"):
        Mixing(mixup_p=1.0)(torch.zeros(2, 1, 5), torch.tensor([5, 4]))
