"""Values against type hints: what a config may say where the code expects what."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tremor.config.types import fits, words


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (1, int),
        (1, float),
        (0.5, float),
        (True, bool),
        ("a", str),
        ("a/b", Path),
        (None, int | None),
        (3, int | None),
        ("std", Literal["std", "peak"]),
        ([1, 2], list[int]),
        ([0.9, 1], tuple[float, float]),
        ([1, 2, 3], tuple[int, ...]),
        (["Z"], Sequence[str]),
        ({"a": 1}, dict[str, int]),
        ({"_target_": "tremor.x"}, int),
        (object(), Any),
        ("anything", Any),
    ],
)
def test_fitting_values_are_accepted(value: Any, hint: Any) -> None:
    assert fits(value, hint)


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("ten", int),
        ("ten", int | None),
        (True, int),
        (True, float),
        (1, bool),
        (0.5, int),
        (1, str),
        (None, int),
        ("sdt", Literal["std", "peak"]),
        (1, Literal[True]),
        ([1, "b"], list[int]),
        ([1.0], tuple[float, float]),
        ([1], int),
        ({"a": "b"}, dict[str, int]),
        ({"a": 1}, list[int]),
    ],
)
def test_misfits_are_refused(value: Any, hint: Any) -> None:
    assert not fits(value, hint)


@given(st.one_of(st.integers(), st.floats(), st.text(), st.booleans(), st.none()))
def test_a_value_fits_its_own_type_and_its_optional(value: Any) -> None:
    assert fits(value, type(value))
    assert fits(value, type(value) | None)


@pytest.mark.parametrize(
    ("hint", "said"),
    [
        (int | None, "a whole number or null"),
        (Literal["a", "b"], "one of a, b"),
        (tuple[float, float], "a list, each a number"),
        (dict[str, int], "a mapping"),
        (Path, "a path"),
    ],
)
def test_hints_are_said_in_words(hint: Any, said: str) -> None:
    assert words(hint) == said
