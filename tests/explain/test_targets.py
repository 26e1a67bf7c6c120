"""Which score is explained, as it is typed."""

from __future__ import annotations

import pytest
import torch

from tremor.errors import Refused
from tremor.explain.targets import Contrast, Fixed, OneClass, Predicted, Target, TrueClass, read

CLASSES = ("foreshock", "aftershock", "12")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("predicted", Predicted()),
        ("true", TrueClass()),
        ("aftershock", OneClass(1)),
        (0, OneClass(0)),
        ("12", OneClass(2)),
        ("contrast(aftershock,foreshock)", Contrast(1, 0)),
        ("contrast(aftershock, 0)", Contrast(1, 0)),
    ],
)
def test_targets_are_read(text: int | str, wanted: Target) -> None:
    assert read(text, CLASSES) == wanted


@pytest.mark.parametrize("text", ["foreshok", "3", "contrast(aftershock)", "contrast(0,0)"])
def test_no_class_is_made_up(text: str) -> None:
    with pytest.raises(Refused):
        read(text, CLASSES)


def test_fixed_weights_stay() -> None:
    weights = torch.tensor([1.0, -1.0])
    assert torch.equal(Fixed(weights)(torch.tensor([5.0, 9.0]), None), weights)
