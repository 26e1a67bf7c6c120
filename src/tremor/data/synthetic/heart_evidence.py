"""Where a class shows in a record: spans in each lead, and how strongly each lead shows them.

What the truth means. A class shows in parts of the beats:

- SNR: the P waves, and (at `RHYTHM` of their strength) every QRS, since it is these that come
  regularly.
- AF: the f-waves, from the end of T to the next QRS; the places where P is missing; and (at
  `RHYTHM`) every QRS, since it is these that come irregularly.
- IAVB: from the begin of P to the begin of QRS.
- RBBB, LBBB: the late part of QRS, and T, which turns away from it.

The strength of a lead in a part is the size (rms) there, without noise, of what the class adds to
or takes from this patient's leads, relative to the part and lead where it is largest: 1 there; all
strengths are multiplied by the effect size. Where a record lacks a class there is no evidence of
it. That a network must use all of it, nobody says: it is where the world put the difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.ecg.leads import LEADS
from tremor.data.synthetic.heart_beat import EDGE, Waves
from tremor.data.synthetic.heart_course import Course
from tremor.data.synthetic.heart_leads import twelve
from tremor.data.synthetic.heart_patient import Patient
from tremor.data.synthetic.heart_rhythm import ACROSS, ALONG

Floats = NDArray[np.float64]
RHYTHM = 0.3  # strength of the rhythm in the QRS, relative to the waves
FINE = 0.004  # s, in which parts are told apart within a cell
LATE = 0.03  # s after R, from when a bundle branch block shows in QRS
ATRIAL, RAPID, SLOW = (1.0, 15.0), (5.0, 40.0), (0.5, 10.0)  # Hz, where parts have their power
FLUTTER = (3.0, 18.0)


@dataclass(frozen=True)
class Part:
    """A part of the beats: from `begin` to `end` (s, `(beat,)`), `strength (lead,)`, band in Hz."""

    name: str
    begin: Floats
    end: Floats
    strength: Floats
    band: tuple[float, float]

    def at(self, seconds: Floats, half: float) -> Floats:
        """Strength `(lead, time)` in cells about these times, `half` (s) to either side.

        It is less where a cell is covered in part.
        """
        low, high = seconds - half, seconds + half
        inside = np.minimum(high, self.end[:, None]) - np.maximum(low, self.begin[:, None])
        covered = (np.maximum(inside, 0).sum(0) / (2 * half)).clip(0, 1)
        return np.asarray(self.strength[:, None] * covered)

    def weakened(self, effect: float) -> Part:
        """The same part at another effect size."""
        return replace(self, strength=effect * self.strength)

    def spans(self, duration: float) -> pd.DataFrame:
        """A row for each beat and lead: part, lead, begin and end (s), strength."""
        there = (self.end > 0) & (self.begin < duration) & (self.end > self.begin)
        begin, end = (edge[there].clip(0, duration) for edge in (self.begin, self.end))
        return pd.DataFrame(
            {
                "part": self.name,
                "lead": np.tile(LEADS, len(begin)),
                "begin_s": begin.repeat(len(LEADS)),
                "end_s": end.repeat(len(LEADS)),
                "strength": np.tile(self.strength, len(begin)),
            }
        )


def parts_of(name: str, patient: Patient, course: Course) -> list[Part]:
    """The parts in which a class shows, at full effect: the largest strength is 1."""
    waves = {"SNR": _sinus, "AF": _fibrillation, "IAVB": _slow}.get(name)
    if waves is None:
        return _relative(_block(name, patient, course))
    parts = _relative(waves(patient, course))
    return parts if name == "IAVB" else [*parts, _rhythm(patient, course)]


def strength_at(parts: Iterable[Part], seconds: Floats) -> Floats:
    """The strongest of some parts, as its mean over each cell: `(lead, time)`.

    A cell reaches halfway to its neighbours.
    """
    half = _half(seconds)
    count = int(np.ceil(2 * half / FINE))
    within = (2 * np.arange(count) + 1 - count) / count * half
    fine = (seconds[:, None] + within).ravel()
    each = [part.at(fine, half / count) for part in parts]
    most = np.max([np.zeros((len(LEADS), len(fine))), *each], axis=0)
    return np.asarray(most.reshape(len(LEADS), len(seconds), count).mean(2))


def spectrum_at(parts: Sequence[Part], seconds: Floats, frequencies: Floats) -> Floats:
    """The same, shared out over the bands (Hz) of the parts: `(lead, frequency, time)`."""
    made = np.zeros((len(LEADS), len(frequencies), len(seconds)))
    whole = np.zeros((len(LEADS), len(seconds)))
    for part in parts:
        strength = part.at(seconds, _half(seconds))
        made += _shares(part.band, frequencies)[:, None] * strength[:, None]
        whole += strength
    most = strength_at(parts, seconds)
    return made * np.divide(most, whole, out=np.zeros_like(whole), where=whole > 0)[:, None]


def _half(seconds: Floats) -> float:
    """How far a cell reaches to either side of its time (s)."""
    return max(float(np.median(np.diff(seconds))) / 2 if len(seconds) > 1 else 0.0, 1e-6)


def _shares(band: tuple[float, float], frequencies: Floats) -> Floats:
    """Even shares of the frequencies in a band, of the nearest where there is none."""
    inside = (frequencies >= band[0]) & (frequencies <= band[1])
    if not inside.any():
        inside = np.arange(len(frequencies)) == np.abs(frequencies - np.mean(band)).argmin()
    return np.asarray(inside / inside.sum())


def _sinus(patient: Patient, course: Course) -> list[Part]:
    begin, end = _p(course)
    return [Part("P", begin, end, _rms(patient.p, patient.atrial), ATRIAL)]


def _fibrillation(patient: Patient, course: Course) -> list[Part]:
    """F-waves are where nothing else is; P is missing where it would be."""
    turning = np.stack([ALONG, ACROSS]) * np.sqrt(1 / (ALONG @ ALONG + ACROSS @ ACROSS))
    seen = np.sqrt((twelve(patient.atrial @ turning.T) ** 2).sum(1))
    t_end = (course.t_centres + EDGE * course.recovery.width).max(1) + course.at
    quiet = Part(
        "f-waves", t_end[:-1], (course.at + course.qrs.begin)[1:], patient.f_waves * seen, FLUTTER
    )
    return [quiet, replace(_sinus(patient, course)[0], name="no P")]


def _slow(patient: Patient, course: Course) -> list[Part]:
    begin, _ = _p(course)
    end = course.at + course.qrs.begin
    return [Part("PR", begin, end, _rms(patient.p, patient.atrial), ATRIAL)]


def _block(name: str, patient: Patient, course: Course) -> list[Part]:
    """What a block changes late in QRS and in T."""
    last, late = course.qrs.end, np.linspace(LATE, course.qrs.end, 50)
    change = _change(patient.qrs[name], patient.qrs[""], patient, late)
    qrs = Part("late QRS", course.at + LATE, course.at + last, change, RAPID)
    t_end = (course.t_centres + EDGE * course.recovery.width).max(1)
    slow = np.linspace(last, float(np.median(t_end)), 100)
    change = _change(patient.recovery[name], patient.recovery[""], patient, slow)
    return [qrs, Part("T", course.at + last, course.at + t_end, change, SLOW)]


def _rhythm(patient: Patient, course: Course) -> Part:
    begin, end = course.at + course.qrs.begin, course.at + course.qrs.end
    size = _rms(course.qrs, patient.leads)
    return Part("rhythm", begin, end, RHYTHM * size / size.max(), RAPID)


def _p(course: Course) -> tuple[Floats, Floats]:
    """When P begins and ends in each beat (s)."""
    return course.at + course.centre + course.p.begin, course.at + course.centre + course.p.end


def _rms(waves: Waves, leads: Floats) -> Floats:
    """The size of waves in each lead while they last, `(lead,)` in mV."""
    dipole = waves.at(np.linspace(waves.begin, waves.end, 60))
    return _size(leads, dipole)


def _change(one: Waves, other: Waves, patient: Patient, seconds: Floats) -> Floats:
    """The size of the difference between waves in each lead, `(lead,)` in mV."""
    return _size(patient.leads, one.at(seconds) - other.at(seconds))


def _size(leads: Floats, dipole: Floats) -> Floats:
    return np.asarray(np.sqrt((twelve(leads @ dipole.T) ** 2).mean(1)))


def _relative(parts: list[Part]) -> list[Part]:
    """Parts with strengths relative to the largest."""
    largest = max(part.strength.max() for part in parts)
    return [replace(part, strength=part.strength / largest) for part in parts]
