"""Distances and directions on the Earth, a sphere of 6371 km."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

RADIUS = 6371.0  # km

Numbers = NDArray[np.float64]


def distance_km(lat: Any, lon: Any, to_lat: Any, to_lon: Any) -> Numbers:
    """The great-circle distance between places in degrees (haversine; broadcasts)."""
    lat, lon, to_lat, to_lon = (np.radians(x) for x in (lat, lon, to_lat, to_lon))
    across = np.sin((to_lat - lat) / 2) ** 2
    across = across + np.cos(lat) * np.cos(to_lat) * np.sin((to_lon - lon) / 2) ** 2
    return np.asarray(2 * RADIUS * np.arcsin(np.sqrt(np.clip(across, 0, 1))), dtype=np.float64)


def azimuth_deg(lat: Any, lon: Any, to_lat: Any, to_lon: Any) -> Numbers:
    """The direction in which the great circle leaves for a place: 0 to 360, clockwise from N."""
    lat, lon, to_lat, to_lon = (np.radians(x) for x in (lat, lon, to_lat, to_lon))
    east = np.sin(to_lon - lon) * np.cos(to_lat)
    north = np.cos(lat) * np.sin(to_lat) - np.sin(lat) * np.cos(to_lat) * np.cos(to_lon - lon)
    degrees = np.degrees(np.arctan2(east, north))
    return np.asarray(np.mod(np.mod(degrees, 360.0), 360.0), dtype=np.float64)
