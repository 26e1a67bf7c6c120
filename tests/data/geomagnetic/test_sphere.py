"""Distances, directions and classes with known answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tremor.data.geomagnetic.classes import SECTORS, azimuth_class, magnitude_class
from tremor.data.geomagnetic.sphere import RADIUS, azimuth_deg, distance_km

LATITUDES, LONGITUDES = st.floats(-89, 89), st.floats(-180, 360)


def test_quarters_of_the_globe() -> None:
    quarter = np.pi / 2 * RADIUS
    assert distance_km(0, 0, 0, 90) == pytest.approx(quarter)
    assert distance_km(0, 10, 90, 0) == pytest.approx(quarter)
    assert azimuth_deg(0, 0, 0, 90) == pytest.approx(90)
    assert azimuth_deg(0, 0, 0, -90) == pytest.approx(270)
    assert azimuth_deg(10, 20, 50, 20) == pytest.approx(0)
    assert azimuth_deg(10, 20, -50, 380) == pytest.approx(180)


def test_known_journeys() -> None:
    """Baghdad to Osaka leaves at 60.2 degrees; Paris to London is 344 km at 330.0 degrees."""
    assert azimuth_deg(35, 45, 35, 135) == pytest.approx(60.16, abs=0.01)
    assert distance_km(48.8566, 2.3522, 51.5074, -0.1278) == pytest.approx(343.6, abs=0.2)
    assert azimuth_deg(48.8566, 2.3522, 51.5074, -0.1278) == pytest.approx(330.04, abs=0.1)


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_a_way_is_as_long_back_and_turns_have_no_part(
    a: float, b: float, c: float, d: float
) -> None:
    assert distance_km(a, b, c, d) == pytest.approx(distance_km(c, d, a, b), abs=1e-6)
    assert distance_km(a, b, c, d) == pytest.approx(distance_km(a, b + 360, c, d), abs=1e-3)
    assert 0 <= azimuth_deg(a, b, c, d) < 360


def test_each_edge_belongs_to_the_sector_that_follows() -> None:
    for number, name in enumerate(SECTORS):
        centre = 45.0 * number
        assert azimuth_class(centre) == name
        assert azimuth_class(centre - 22.5) == name
        assert azimuth_class(np.nextafter(centre + 22.5, 0)) == name
        assert azimuth_class(centre + 22.5) == SECTORS[(number + 1) % 8]


@given(st.floats(-720, 720))
def test_a_direction_lies_within_its_sector(degrees: float) -> None:
    centre = 45.0 * SECTORS.index(azimuth_class(degrees))
    off = (degrees - centre + 180) % 360 - 180
    assert -22.5 - 1e-9 <= off <= 22.5 + 1e-9


def test_magnitudes() -> None:
    names = [magnitude_class(m) for m in (4.0, 4.99, 5.0, 5.9, 6.0, 8.8)]
    assert names == ["Moderate", "Moderate", "Medium", "Medium", "Large", "Large"]
    with pytest.raises(ValueError, match="no class below 4"):
        magnitude_class(3.9)
