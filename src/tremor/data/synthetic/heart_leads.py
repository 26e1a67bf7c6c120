"""From the heart's dipole to the counts of twelve leads, so that the laws of the limb leads hold.

Axes of a dipole are left, down (to the feet) and back, in mV.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Counts = NDArray[np.int16]
GAIN = 1000.0  # counts a mV
DOWER = np.array(
    [
        [0.632, -0.235, 0.059],
        [0.235, 1.066, -0.132],
        [-0.515, 0.157, -0.917],
        [0.044, 0.164, -1.387],
        [0.882, 0.098, -1.277],
        [1.213, 0.127, -0.601],
        [1.125, 0.127, -0.086],
        [0.831, 0.076, 0.230],
    ]
)
"""Leads by axes (Dower et al. 1980): I, II, V1 … V6; the others follow from I and II."""
NEAR_ATRIA = np.array([1.0, 1.0, 1.6, 0.7, 0.4, 0.4, 0.5, 0.5])
"""How much of the atria's dipole each lead sees: V1 lies over them, V4 to V6 do not."""
LIMBS = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0], [-0.5, -0.5], [1.0, -0.5], [-0.5, 1.0]])
"""The six limb leads from I and II: III = II - I, aVR, aVL, aVF (Einthoven, Goldberger)."""
TWELVE = np.block([[LIMBS, np.zeros((6, 6))], [np.zeros((6, 2)), np.eye(6)]])
"""All leads in the order of `LEADS` from those that are measured."""


def twelve(measured: Floats) -> Floats:
    """All leads `(12, time)` from those that are measured, `(8, time)`."""
    return np.asarray(TWELVE @ measured)


def counted(measured: Floats) -> Counts:
    """Counts `(12, time)` of leads in mV `(8, time)`.

    I and II are told in even counts: then the other limb leads are whole and the laws hold exactly.
    """
    steps = np.array([2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])[:, None]
    return np.rint(twelve(np.rint(measured * GAIN / steps) * steps)).astype(np.int16)


def of_electrodes(potential: Floats) -> Floats:
    """The measured leads `(8, time)` of potentials at both arms, the leg, and V1 to V6 `(9, time)`.

    The chest leads are against the mean of the limbs.
    """
    right, left, leg = potential[:3]
    chest = potential[3:] - potential[:3].mean(0)
    return np.concatenate([[left - right, leg - right], chest])
