"""Hertz and seconds, or millihertz and minutes: decided once, and back again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tremor.explain.arrange import tiles
from tremor.explain.explanation import Axis
from tremor.explain.units import Units, base, based, converted, step

HERTZ = [k / 256 for k in range(6, 27)]
SECONDS = [128.0 * (1 + k) for k in range(167)]
SLOW = Units("mHz", "min")


@pytest.mark.parametrize(
    ("highest", "span", "wanted"),
    [
        (50.0, 13.0, Units()),
        (50.0, 1e5, Units()),
        (1.0, 1e5, Units()),
        (0.1, 21600.0, SLOW),
        (0.1, 600.0, Units("mHz", "s")),
        (0.999, 601.0, SLOW),
    ],
)
def test_slow_and_long_records_are_told_in_millihertz_and_minutes(
    highest: float, span: float, wanted: Units
) -> None:
    assert Units.of(highest, span) == wanted


def test_axes_have_the_values_and_the_unit_that_people_read() -> None:
    frequency, time = SLOW.frequencies(HERTZ), SLOW.times(SECONDS)
    assert (frequency.unit, time.unit) == ("mHz", "min")
    assert frequency.values[0] == pytest.approx(23.4375)
    assert time.step == pytest.approx(128 / 60)
    np.testing.assert_allclose(based(frequency), HERTZ)
    np.testing.assert_allclose(based(time), SECONDS)
    assert step(time) == pytest.approx(128.0)
    assert (base("mHz"), base("min"), base("")) == ("Hz", "s", "")


def test_fast_records_keep_their_very_numbers() -> None:
    values = (0.32, 0.45, 0.58)
    assert Units().times(values) == Axis("time", values, "s")
    assert Units().frequencies(values) == Axis("frequency", values, "Hz")


@given(st.lists(st.floats(1e-6, 1e6), min_size=1), st.sampled_from(["s", "min", "Hz", "mHz"]))
def test_there_and_back(values: list[float], unit: str) -> None:
    told = tuple(converted(values, unit).tolist())
    np.testing.assert_allclose(based(Axis("time", told, unit)), values, rtol=1e-12)


def test_tiles_are_asked_for_in_seconds_and_hertz_whatever_is_told() -> None:
    slow = (Axis("component", ("H", "D")), SLOW.frequencies(HERTZ), SLOW.times(SECONDS))
    plain = (slow[0], Units().frequencies(HERTZ), Units().times(SECONDS))
    wanted = tiles(plain, seconds=1800.0, hertz=0.02)
    assert tiles(slow, seconds=1800.0, hertz=0.02).grid == wanted.grid == (2, 5, 12)
