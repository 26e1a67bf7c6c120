"""Soft labels: shares by hand, the circle, what an unknown label is."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tremor.errors import Refused
from tremor.tasks.targets import Targets, directions, weighed

HEADS = {"size": ["none", "small", "large"], "way": ["none", "N", "E", "S", "W"]}
LABELS = torch.tensor([[0, 0], [1, 4], [2, -1]])


def test_hard_labels_are_one_hot_and_unknown_ones_nothing() -> None:
    size, way = Targets(HEADS)(LABELS)
    assert torch.equal(size, torch.eye(3))
    assert torch.equal(
        way, torch.eye(5)[[0, 4]].new_tensor([[1, 0, 0, 0, 0], [0] * 4 + [1], [0] * 5])
    )


def test_smoothing_spreads_a_share_over_all_classes() -> None:
    size, way = Targets(HEADS, label_smoothing=0.3)(LABELS)
    torch.testing.assert_close(size, 0.7 * torch.eye(3) + 0.1)
    assert not way[2].any()


def test_circular_labels_fall_with_the_angle_and_spare_the_background() -> None:
    size, way = Targets(HEADS, {"way": 45.0})(LABELS)
    assert torch.equal(size, torch.eye(3))
    assert torch.equal(way[0], torch.eye(5)[0])
    kappa = 1 / (math.pi / 4) ** 2
    weights = torch.tensor([kappa * math.cos(a) for a in (math.pi / 2, math.pi, -math.pi / 2, 0)])
    torch.testing.assert_close(way[1, 1:], weights.softmax(-1))  # W: N and S beside, E opposite
    assert float(way[1, 0]) == 0


def test_a_narrow_width_of_eight_directions_is_nearly_a_gaussian() -> None:
    row = directions(8, 22.5)[0]
    assert float(row[1] / row[0]) == pytest.approx(math.exp(-0.5 * 2**2), rel=0.15)
    assert float(row[1]) == float(row[7])


@given(count=st.integers(3, 16), degrees=st.floats(0.5, 360))
def test_shares_are_a_distribution_and_turn_with_the_direction(count: int, degrees: float) -> None:
    shares = directions(count, degrees)
    torch.testing.assert_close(shares.sum(-1), torch.ones(count))
    assert shares.argmax(-1).tolist() == list(range(count)) or degrees > 180
    torch.testing.assert_close(shares[1], shares[0].roll(1))


def test_a_width_of_nothing_is_a_hard_label() -> None:
    torch.testing.assert_close(directions(8, 1.0), torch.eye(8))


def test_a_record_weighs_as_its_true_class_whoever_shares_its_label() -> None:
    soft = Targets(HEADS, {"way": 45.0}, label_smoothing=0.1)
    weights = [torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 0.1, 50.0, 4.0, 5.0])]
    size, way = weighed(soft(LABELS), LABELS, weights)
    torch.testing.assert_close(size, soft(LABELS)[0] * torch.tensor([[1.0], [2.0], [3.0]]))
    torch.testing.assert_close(way, soft(LABELS)[1] * torch.tensor([[1.0], [5.0], [0.0]]))


@pytest.mark.parametrize("circular", [{"size": 20.0}, {"other": 20.0}, {"way": 0.0}])
def test_what_is_no_circle_is_refused(circular: dict[str, float]) -> None:
    with pytest.raises(Refused, match=r"task\.circular"):
        Targets(HEADS, circular)
