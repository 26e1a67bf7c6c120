"""What a patient of the synthetic heart brings to every record: axis, sizes, intervals, leads."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from tremor.data.synthetic import heart_beat as beat
from tremor.data.synthetic.heart_beat import Waves
from tremor.data.synthetic.heart_leads import DOWER, NEAR_ATRIA

Floats = NDArray[np.float64]
AXES = (0.12, 0.22, 0.30)  # rad, scatter of turns about the axes left, down, back
BLOCKS = {
    "": (beat.QRS, beat.T),
    "RBBB": (beat.RIGHT_BLOCK, beat.T_RIGHT),
    "LBBB": (beat.LEFT_BLOCK, beat.T_LEFT),
}
"""QRS and T of each way that the ventricles are led: as they are, or with a block."""


@dataclass(frozen=True)
class Patient:
    """One heart in one chest: what it would do with each disease, whether or not it has that.

    `leads` and `atrial` are `(8, 3)`; `qrs` and `recovery` are by the name of the block, "" for
    none; `pr` is from the begin of P to that of QRS, `delay` what an AV block adds to it, `beat`
    and `beat_af` are the mean intervals of sinus rhythm and atrial fibrillation, all in s;
    `variability` is the share that sinus intervals vary by, `f_waves` the size of those in mV.
    """

    leads: Floats
    atrial: Floats
    p: Waves
    qrs: dict[str, Waves]
    recovery: dict[str, Waves]
    pr: float
    delay: float
    beat: float
    beat_af: float
    variability: float
    f_waves: float

    @classmethod
    def of(cls, rng: np.random.Generator) -> Patient:
        """A patient, drawn."""
        turn = Rotation.from_rotvec(rng.normal(0, AXES)).as_matrix()
        leads = DOWER * (1 + 0.08 * rng.standard_normal(DOWER.shape))
        sizes = rng.lognormal(0, (0.26, 0.22, 0.15))
        waves = 1 + 0.12 * rng.standard_normal((len(beat.QRS.centre), 3))
        slow = rng.lognormal(0, 0.06)
        pairs = BLOCKS.items()
        return cls(
            leads=leads,
            atrial=leads * NEAR_ATRIA[:, None],
            p=_own(beat.P, turn, sizes[2]),
            qrs={name: _own(qrs, turn, sizes[0] * waves, slow) for name, (qrs, _) in pairs},
            recovery={name: _own(t, turn, sizes[1]) for name, (_, t) in pairs},
            pr=float(np.clip(rng.normal(0.155, 0.015), 0.125, 0.19)),
            delay=float(rng.uniform(0.08, 0.13)),
            beat=float(rng.uniform(0.74, 1.10)),
            beat_af=float(rng.uniform(0.60, 0.95)),
            variability=float(rng.uniform(0.015, 0.05)),
            f_waves=float(rng.lognormal(np.log(0.055), 0.3)),
        )


def _own(waves: Waves, turn: Floats, size: float | Floats, slow: float = 1.0) -> Waves:
    """Waves of a patient: turned, as large as theirs, and so much slower."""
    dipole = (size * waves.dipole) @ turn.T
    return replace(
        waves, centre=slow * waves.centre, width=slow * waves.width, dipole=np.asarray(dipole)
    )
