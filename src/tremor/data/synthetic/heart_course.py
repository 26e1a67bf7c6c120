"""What the heart does during one record: when it beats, and the waves that each beat has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tremor.data.synthetic import heart_rhythm as rhythm
from tremor.data.synthetic.heart_beat import QRS, Sampling, Waves, drawn
from tremor.data.synthetic.heart_patient import Patient

Floats = NDArray[np.float64]
STRETCH = 0.4  # power of the beat's length that T's place goes with
MARGIN = 2.0  # s before and after a record in which beats are, so that one is on either side
BREATHING = 0.05  # share that dipoles vary by with the breath
JITTER = 0.003  # s, of the PR interval from beat to beat
PLACED = 0.03  # scatter of the leads from record to record, as electrodes are placed anew


@dataclass(frozen=True)
class Course:
    """Beats of a record with R at `at` (s); all else by beat, or for all alike.

    `centre` is where the first wave of P stands from R, `pace` the interval that recovery keeps
    to (s); `size` multiplies dipoles, `(beat, 3)`. `p` is as large as it is here, `f_waves` in mV;
    `placed` multiplies the patient's leads, `(8, 3)`.
    """

    at: Floats
    centre: Floats
    pace: Floats
    size: Floats
    p: Waves
    qrs: Waves
    recovery: Waves
    f_waves: float
    placed: Floats

    @classmethod
    def of(
        cls,
        patient: Patient,
        names: tuple[str, ...],
        effect: float,
        rng: np.random.Generator,
        duration: float,
    ) -> Course:
        """What a patient's heart does in a record of these classes.

        The same numbers are drawn whatever the classes are: without an effect they make no
        difference.
        """
        at, interval = _beats(patient, effect * ("AF" in names), rng, duration)
        mean = patient.pr + effect * ("IAVB" in names) * patient.delay
        pr = mean + JITTER * rng.standard_normal(len(at))
        breath = 2 * np.pi * rhythm.BREATH * at[:, None] + rng.uniform(0, 2 * np.pi, 3)
        block = next((name for name in names if name in patient.qrs), "")
        share = effect * bool(block)
        return cls(
            at=at,
            centre=QRS.begin - pr - patient.p.begin,
            pace=(interval + interval.mean()) / 2,
            size=1 + BREATHING * np.sin(breath),
            p=patient.p.scaled(1 - effect * ("AF" in names)),
            qrs=patient.qrs[""].towards(patient.qrs[block], share),
            recovery=patient.recovery[""].towards(patient.recovery[block], share),
            f_waves=patient.f_waves * effect * ("AF" in names),
            placed=1 + PLACED * rng.standard_normal(patient.leads.shape),
        )

    def measured(self, patient: Patient, rng: np.random.Generator, sampling: Sampling) -> Floats:
        """The measured leads without noise, in mV, `(8, time)`; `rng` draws the f-waves."""
        atria = drawn(self.p, self.at, self.p_centres, self.size, sampling)
        atria += self.f_waves * rhythm.f_waves(rng, sampling.seconds)
        fixed = np.broadcast_to(self.qrs.centre, (len(self.at), len(self.qrs.centre)))
        rest = drawn(self.qrs, self.at, fixed, self.size, sampling)
        rest += drawn(self.recovery, self.at, self.t_centres, self.size, sampling)
        atrial, ventricular = patient.atrial * self.placed, patient.leads * self.placed
        return np.asarray(atrial @ atria + ventricular @ rest)

    @property
    def p_centres(self) -> Floats:
        """Where the waves of P stand, `(beat, wave)` in s from R."""
        return np.asarray(self.p.centre + self.centre[:, None])

    @property
    def t_centres(self) -> Floats:
        """Where the waves of T stand, `(beat, wave)` in s from R."""
        return np.asarray(self.recovery.centre * self.pace[:, None] ** STRETCH)


def _beats(
    patient: Patient, fibrillation: float, rng: np.random.Generator, duration: float
) -> tuple[Floats, Floats]:
    """When R is, and the interval before it (s), for all beats that reach into a record."""
    count = int((duration + 3 * MARGIN) / rhythm.SHORTEST) + 2
    own = rng.lognormal(0, 0.06)
    regular = rhythm.sinus(rng, count, own * patient.beat, patient.variability)
    irregular = rhythm.fibrillating(rng, count, own * patient.beat_af)
    interval = rhythm.between(regular, irregular, fibrillation)
    at = np.cumsum(interval) - MARGIN - interval[0] * rng.uniform()
    near = at < duration + MARGIN
    return at[near], interval[near]
