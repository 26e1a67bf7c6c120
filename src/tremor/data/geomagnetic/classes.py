"""The classes of a window: how strong an earthquake follows, and in which direction."""

from __future__ import annotations

from bisect import bisect_right

NORMAL = "Normal"
"""Nothing follows: the first class of either question."""
MAGNITUDES = ((6.0, "Large"), (5.0, "Medium"), (4.0, "Moderate"))
"""The least magnitude of each class, from the greatest on."""
SECTORS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
"""Sectors of 45 degrees, clockwise; the first is centred on north."""
EDGES = tuple(22.5 + 45.0 * number for number in range(len(SECTORS)))
LEAST = MAGNITUDES[-1][0]


def magnitude_class(magnitude: float) -> str:
    """Large from 6.0, Medium from 5.0, Moderate from 4.0; less has no class and is an error."""
    for least, name in MAGNITUDES:
        if magnitude >= least:
            return name
    raise ValueError(f"magnitude {magnitude}: no class below {LEAST}")


def azimuth_class(degrees: float) -> str:
    """The sector of a direction (degrees clockwise from north): 22.5 is NE, as is all below 67.5.

    Each edge belongs to the sector that follows it clockwise.
    """
    return SECTORS[bisect_right(EDGES, degrees % 360.0) % len(SECTORS)]
