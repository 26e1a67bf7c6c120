"""Electrocardiograms of 12 leads in WFDB files, as the PhysioNet/CinC Challenges have them."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tremor.data.ecg.gain import Gains, per_mv
from tremor.data.ecg.leads import LEADS, lead_named, places
from tremor.data.ecg.patients import patients_of
from tremor.data.ecg.recording import Recording, read_recording
from tremor.data.ecg.snomed import unknown
from tremor.data.ecg.standard import FASTEST, SLOWEST, Standard
from tremor.data.sources.cells import Unusable
from tremor.data.writer import RecordWriter, Row
from tremor.errors import Refused

HEADER, SAMPLES = ".hea", (".mat", ".dat")
NO_CODE = "none"
UNKNOWN = "unknown code"
ALONE = "patient not told, each a patient of its own"
SHOWN = 5  # codes that a note names
WHAT = "a header (A0001.hea) beside its samples (A0001.mat or .dat), in it or in folders below it"


@dataclass(frozen=True)
class Physionet:
    """Records of `maxlen` samples at `sampling_rate` (Hz), leads in the standard order.

    What is longer is cut at its end, what is shorter is filled with zeros there; what is shorter
    than `min_seconds`, or has more than `max_flat_leads` leads without any change, is set aside.
    `units=adc` hands out the converter's own numbers, as published models were trained on; `mV`
    takes the baseline away and divides by the gain. `gain` is that of the `header`, or a number of
    units to a mV for all, or `checked`: the header's, unless lead II would then span what no heart
    makes, and 1000 to a mV would do. `patients` is a table of records and patients; a record that
    it does not name is a patient of its own, unless its header tells one.
    """

    data_dir: str
    sampling_rate: float = 500.0
    maxlen: int = 5000
    units: Literal["adc", "mV"] = "adc"
    gain: Literal["checked", "header"] | float = "checked"
    min_seconds: float = 5.0
    max_flat_leads: int = 0
    patients: str | None = None

    def __post_init__(self) -> None:
        positive = isinstance(self.gain, str) or 0 < self.gain < math.inf
        self._refuse(SLOWEST <= self.sampling_rate <= FASTEST, "sampling_rate", "500")
        self._refuse(self.maxlen >= 2, "maxlen", "5000")
        self._refuse(self.min_seconds >= 0, "min_seconds", "5")
        self._refuse(0 <= self.max_flat_leads < len(LEADS), "max_flat_leads", "0")
        self._refuse(positive, "gain", "checked")

    def _refuse(self, sound: bool, key: str, remedy: str) -> None:
        if not sound:
            problem = f"{key} is {getattr(self, key)}"
            raise Refused(problem, f"dataset.{key}", f"dataset.{key}={remedy}")

    @property
    def channels(self) -> tuple[str, ...]:
        """The twelve leads."""
        return LEADS

    def _root(self) -> Path:
        root = Path(self.data_dir).expanduser()
        if not self.data_dir or not root.is_dir():
            remedy = f"dataset.data_dir=FOLDER or TREMOR_ECG_ROOT=FOLDER, with {WHAT}"
            raise Refused("this folder of records is not there", str(root), remedy)
        return root

    def files(self) -> list[Path]:
        """Headers and samples of all records, and the table of patients."""
        root = self._root()
        found = [path for path in _below(root) if path.suffix in (HEADER, *SAMPLES)]
        if not any(path.suffix == HEADER for path in found):
            remedy = f"dataset.data_dir=FOLDER or TREMOR_ECG_ROOT=FOLDER, with {WHAT}"
            raise Refused("no record in this folder: no *.hea", str(root), remedy)
        if self.patients is not None:
            patients_of(self.patients)
        return found + ([] if self.patients is None else [Path(self.patients).expanduser()])

    def write(self, writer: RecordWriter) -> None:
        """All records; each one that is unusable is set aside by name, and what is odd is said."""
        root, patients = self._root(), patients_of(self.patients)
        paths = [path for path in _below(root) if path.suffix == HEADER]
        names = Counter(path.stem for path in paths)
        self._refuse_others(patients, names)
        gains, odd = Gains.of(paths, self.gain), Counter[str]()
        for path in paths:
            whole = path.relative_to(root).with_suffix("").as_posix()
            name = path.stem if names[path.stem] == 1 else whole
            try:
                recording = read_recording(path)
                row = {"record_id": name, "path": f"{whole}{HEADER}"}
                told = patients.get(path.stem) or recording.header.patient
                row["group"] = told or name
                self._add(writer, recording, row, gains.believed(path, recording.header))
                odd.update(sorted(_odd(recording)) + [ALONE] * (not told))
            except Unusable as reason:
                writer.set_aside(name, str(reason))
        for note in (*_counted(odd), *gains.notes()):
            writer.note(note)

    def _refuse_others(self, patients: Mapping[str, str], names: Iterable[str]) -> None:
        """A table that names no record here would leave each as a patient of its own, unseen."""
        if patients and not patients.keys() & set(names):
            theirs, ours = next(iter(patients)), min(names)
            problem = (
                f"this table names no record of the folder: it has {theirs}, the folder {ours}"
            )
            remedy = "name records as their headers are, without folder and ending"
            raise Refused(problem, str(self.patients), remedy)

    def _add(
        self, writer: RecordWriter, recording: Recording, row: Row, gains: NDArray[np.float64]
    ) -> None:
        """Hand one record to the writer; `gains (lead,)` are units to a mV, in its own order."""
        standard = Standard(
            self.sampling_rate, self.maxlen, self.units, self.min_seconds, self.max_flat_leads
        )
        signal, flat = standard.of(recording, gains)
        header = recording.header
        second = places([lead.name for lead in header.leads])[LEADS.index("II")]
        row |= {"gain": gains[second], "header_gain": per_mv(header.leads[second])}
        row |= _facts(recording) | {"flat_leads": "|".join(flat)}
        writer.add(signal, row)


def _below(root: Path) -> Iterator[Path]:
    """All files in a folder and those in it, but for hidden ones, in the order of their names."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(files) if not name.startswith("."))


def _facts(recording: Recording) -> Row:
    """What a record's files tell: codes, age (years), sex, length (s), rate (Hz)."""
    header = recording.header
    row: Row = {"label": next(iter(header.codes), NO_CODE), "dx": "|".join(header.codes)}
    seconds = recording.signal.shape[1] / header.rate
    return row | {
        "age": header.age,
        "sex": header.sex,
        "duration_s": round(seconds, 6),
        "source_rate": header.rate,
    }


def _odd(recording: Recording) -> set[str]:
    """What is odd about a record that is used nevertheless."""
    header = recording.header
    pairs = (fault.partition(" of ") for fault in recording.faults)
    found = {f"{what} other than the header's" if lead else what for what, _, lead in pairs}
    found |= {f"{UNKNOWN} {code}" for code in unknown(header.codes)}
    if any(lead_named(lead.name) is None for lead in header.leads):
        found.add("leads beyond the twelve, passed over")
    return found if header.codes else found | {"no code of what they show"}


def _counted(odd: Counter[str]) -> Iterator[str]:
    """How many records are odd in what way; codes that are not known in one line."""
    codes = {what: count for what, count in odd.most_common() if what.startswith(UNKNOWN)}
    yield from (f"{count} records: {what}" for what, count in (odd - Counter(codes)).items())
    if codes:
        first = ", ".join(f"{code.split()[-1]} ({n})" for code, n in [*codes.items()][:SHOWN])
        more = f" and {len(codes) - SHOWN} more" if len(codes) > SHOWN else ""
        yield f"{UNKNOWN}s, kept as they are (in records): {first}{more}"
