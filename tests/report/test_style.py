"""Names are drawn letter by letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.cbook import is_math_text

from tremor.report.style import BLUE, GREEN, VERMILLION, canvas, dress, literal


@given(st.text())
def test_no_text_is_taken_for_a_formula_or_breaks_xml(text: str) -> None:
    assert not is_math_text(literal(text))
    assert literal(text).isprintable()


@given(st.text(), st.integers(1, 20))
def test_length_is_bounded(text: str, limit: int) -> None:
    assert len(literal(text, limit).replace(r"\$", "$")) <= limit


def test_plain_names_are_left_alone() -> None:
    assert literal("foreshock (T−9 d)") == "foreshock (T−9 d)"
    assert literal("foreshock", 6) == "fores…"


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("colour", [BLUE, VERMILLION, GREEN])
@pytest.mark.parametrize("ground", ["#fcfcfb", "#14171b"])
def test_colours_stand_out_in_light_and_dark(colour: str, ground: str) -> None:
    lighter, darker = sorted((luminance(colour), luminance(ground)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3


def test_axes_have_no_ground_and_two_spines() -> None:
    ax = dress(canvas().subplots(), "title", "time (s)", "Z")
    assert [name for name, spine in ax.spines.items() if spine.get_visible()] == ["left", "bottom"]
    assert ax.get_facecolor()[3] == 0
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (s)", "Z")
