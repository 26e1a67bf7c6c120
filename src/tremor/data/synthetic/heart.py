"""A synthetic heart: twelve leads of patients with known rhythms and blocks.

P, QRS and T are dipoles that a patient's own leads see (see `heart_beat`); atrial fibrillation has
no P, f-waves and irregular beats, an AV block a long PR interval, bundle branch blocks a broad QRS
that ends late. `effect_size` scales all of it; at 0 every record is in sinus rhythm with nothing
wrong, and its codes are there at random.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tremor.data.ecg.leads import LEADS
from tremor.data.synthetic import heart_catalogue, heart_evidence
from tremor.data.synthetic.heart_beat import Sampling
from tremor.data.synthetic.heart_course import Course
from tremor.data.synthetic.heart_leads import Counts, counted
from tremor.data.synthetic.heart_noise import HOSPITALS, noise
from tremor.data.synthetic.heart_patient import Patient
from tremor.data.synthetic.heart_settings import WHERE, check
from tremor.errors import Refused

Floats = NDArray[np.float64]
Signal = NDArray[np.float32]


@dataclass(frozen=True)
class HeartWorld:
    """Records of patients in counts, 1000 a mV, at `sampling_rate` (Hz).

    They last `duration` (s), a share `longer` of them up to twice as long; `waveforms` cuts them
    to `maxlen` samples or pads them with zeros, `record` is all of one. `noise_level` is relative
    to that of real recordings. With `hospital_bias` that share of records is recorded where the
    rhythm's are, with gain and noise of that place; without it hospitals know of no class.
    """

    patients: int = 300
    records_per_patient: int = 2
    effect_size: float = 1.0
    seed: int = 0
    duration: float = 10.0
    longer: float = 0.1
    sampling_rate: float = 500.0
    maxlen: int = 5000
    noise_level: float = 1.0
    hospital_bias: float = 0.0

    channels: ClassVar[tuple[str, ...]] = LEADS
    classes: ClassVar[tuple[str, ...]] = tuple(heart_catalogue.CODES.values())

    def __post_init__(self) -> None:
        check(vars(self))

    def catalogue(self) -> pd.DataFrame:
        """One row a record: patient (its group), first code as `label`, all as `dx`, who, where."""
        return self._table.copy()

    def record(self, number: int) -> Counts:
        """A whole record, `(lead, time)` in counts: the same in any order."""
        row = self._table.iloc[number]
        patient, course = self.course(number)
        sampling = Sampling(self.sampling_rate, round(row["duration_s"] * self.sampling_rate))
        hospital = HOSPITALS[row["hospital"]]
        clean = course.measured(patient, self._rng(3, number), sampling)
        heard = clean + self.noise_level * noise(self._rng(4, number), hospital, sampling)
        return counted(hospital.gain * heard)

    def course(self, number: int) -> tuple[Patient, Course]:
        """Whose heart it is, and what it does in a record: when it beats, with which waves."""
        row = self._table.iloc[number]
        patient = Patient.of(self._rng(1, number // self.records_per_patient))
        names = heart_catalogue.names_of(row["dx"])
        rng, duration = self._rng(2, number), float(row["duration_s"])
        return patient, Course.of(patient, names, self.effect_size, rng, duration)

    def waveforms(self, rows: NDArray[np.int64] | slice) -> Signal:
        """Records at `maxlen` samples in counts, `(record, lead, time)`."""
        wanted = np.arange(len(self._table))[rows]
        made = np.zeros((len(wanted), len(LEADS), self.maxlen), np.float32)
        for place, number in enumerate(wanted):
            record = self.record(int(number))[:, : self.maxlen]
            made[place, :, : record.shape[1]] = record
        return made

    def spans(self, row: pd.Series, class_name: str) -> pd.DataFrame:
        """The spans in which a class shows in a record: `part, lead, begin_s, end_s, strength`.

        One row for each beat and lead; none where the record lacks the class, or without effect.
        """
        none = pd.DataFrame(columns=["part", "lead", "begin_s", "end_s", "strength"])
        each = [part.spans(self._seen(row)) for part in self._parts(row, [_code(class_name)])]
        return pd.concat(each, ignore_index=True) if each else none

    def evidence_of_class(self, row: pd.Series, class_name: str, seconds: Floats) -> Floats:
        """How strongly a class shows around times from a record's start: `(lead, time)`, 0 to 1.

        `heart_evidence` says what it means. All zero where the record lacks the class.
        """
        seconds = np.asarray(seconds, np.float64)
        parts = self._parts(row, [_code(class_name)])
        return heart_evidence.strength_at(parts, seconds) * (seconds < self._seen(row))

    def evidence(
        self,
        row: pd.Series,
        seconds: Floats,
        frequencies: Floats,
        codes: Iterable[str | int] | None = None,
    ) -> Floats:
        """Where a record's classes show, `(lead, frequency, time)`; with `codes` those alone.

        Summed over frequencies (Hz) it is that of `evidence_of_class`, the largest of all classes.
        """
        asked = str(row["dx"]).split("|") if codes is None else [str(code) for code in codes]
        parts = self._parts(row, asked)
        made = heart_evidence.spectrum_at(parts, np.asarray(seconds), np.asarray(frequencies))
        return made * (np.asarray(seconds) < self._seen(row))

    def _seen(self, row: pd.Series) -> float:
        """How much of a record `waveforms` has (s)."""
        return min(float(row["duration_s"]), self.maxlen / self.sampling_rate)

    def _parts(self, row: pd.Series, codes: Sequence[str]) -> list[heart_evidence.Part]:
        """The parts of a record's beats in which those codes that it has show."""
        names = heart_catalogue.names_of(str(row["dx"]))
        shown = [name for name in names if heart_catalogue.CODES[name] in codes]
        if not shown or not self.effect_size:
            return []
        patient, course = self.course(self._numbers[str(row["record_id"])])
        each = [heart_evidence.parts_of(name, patient, course) for name in shown]
        return [part.weakened(self.effect_size) for parts in each for part in parts]

    def _rng(self, kind: int, number: int) -> np.random.Generator:
        """What decides a patient (1), a record's beats (2), its f-waves (3), its noise (4)."""
        return np.random.default_rng((self.seed, kind, number))

    @cached_property
    def _table(self) -> pd.DataFrame:
        rng = np.random.default_rng((self.seed, 0))
        table = heart_catalogue.drawn(
            rng, self.patients, self.records_per_patient, self.hospital_bias
        )
        stretch = np.where(table.pop("drawn_longer") < self.longer, table.pop("stretch"), 1.0)
        samples = np.rint(self.duration * stretch * self.sampling_rate)
        table["duration_s"] = samples / self.sampling_rate
        table["path"] = table["record_id"] + ".hea"
        return table.assign(source_rate=self.sampling_rate)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        """Which record has a name."""
        return {name: number for number, name in enumerate(self._table["record_id"])}


def _code(class_name: str) -> str:
    """The code of a class."""
    if class_name not in heart_catalogue.CODES:
        there = ", ".join(heart_catalogue.CODES)
        raise Refused(f"there is no class {class_name}", WHERE, f"one of {there}")
    return heart_catalogue.CODES[class_name]
