"""Units of the converter to a mV: what headers say, and whether the samples can bear it.

Some copies of PTB-XL say 200 units to a mV where 1000 make one: lead II would then span 5 mV.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tremor.data.ecg.header import Header, Lead
from tremor.data.ecg.leads import LEADS, lead_named, places
from tremor.data.ecg.recording import header_of, read_recording
from tremor.data.sources.cells import Unusable

USUAL = 1000.0  # units to a mV in the Challenge's records
LEAST, MOST = 0.1, 3.0  # mV that lead II of the median record may span
EXTREMES = (0.5, 99.5)  # percent: what a lead spans, without spikes
ENOUGH = 50  # records of a kind that are looked at
PER_MV = {"mv": 1.0, "uv": 1000.0, "µv": 1000.0, "v": 0.001}
Kind: TypeAlias = tuple[str, float]  # letters that names begin with, and lead II's units to a mV
Choice: TypeAlias = Literal["checked", "header"] | float


@dataclass(frozen=True)
class Verdict:
    """Of one kind of records: how many, what lead II spans (units), and the gain to believe.

    The span is the median of those that were `looked_at`.
    """

    kind: Kind
    records: int
    looked_at: int
    span: float
    right: float

    def told(self) -> str:
        """The header's contradiction with the samples in words; nothing where there is none."""
        prefix, gain = self.kind
        if bearable(self.span, gain):
            return ""
        said = f"{self.records} records {prefix}*: lead II spans {self.span / abs(gain):.2g} mV "
        said += f"(median of {self.looked_at}) by the headers' {gain:g} a mV"
        if self.right == gain:
            return f"{said}, which is not within {LEAST:g} to {MOST:g} mV"
        return f"{said}, {self.span / self.right:.2g} mV by {self.right:g} a mV"


@dataclass(frozen=True)
class Gains:
    """The gains that are believed: `choice` is the header's word, that word checked, or a number.

    Checked, it is the header's unless lead II would then span what no heart makes, and `USUAL`
    units to a mV would do; that is judged over all records of a kind.
    """

    choice: Choice
    verdicts: Mapping[Kind, Verdict]

    @classmethod
    def of(cls, paths: Sequence[Path], choice: Choice) -> Gains:
        """Look at some of the records of these headers, where it matters."""
        return cls(choice, judged(paths) if isinstance(choice, str) else {})

    def believed(self, path: Path, header: Header) -> NDArray[np.float64]:
        """Units to a mV of each lead `(lead,)`, in the header's order."""
        said = np.array([per_mv(lead) if lead_named(lead.name) else 1.0 for lead in header.leads])
        if not isinstance(self.choice, str):
            return np.full_like(said, self.choice)
        verdict = self.verdicts.get(kind_of(path, header)) if self.choice == "checked" else None
        return said * (verdict.right / verdict.kind[1] if verdict else 1.0)

    def notes(self) -> Iterator[str]:
        """What is to be said of headers that contradict their samples."""
        taken = {"checked": "the gain that fits is taken", "header": "the headers are believed"}
        for verdict in self.verdicts.values():
            if said := verdict.told():
                yield f"gain: {said}; {taken[str(self.choice)]} (dataset.gain={self.choice})"


def per_mv(lead: Lead) -> float:
    """Units of the converter to a mV in one lead, as its header has it."""
    unit = PER_MV.get(lead.units.lower())
    if unit is None:
        raise Unusable(f"lead {lead.name} is in {lead.units}")
    return lead.gain * unit


def kind_of(path: Path, header: Header) -> Kind:
    """What a record is alike with: the letters of its name, and the gain of its lead II."""
    lead = next((lead for lead in header.leads if lead_named(lead.name) == "II"), None)
    if lead is None:
        raise Unusable("no lead II")
    letters = re.match(r"[^\W\d_]*", path.stem)
    return (letters[0] if letters else "", per_mv(lead))


def judged(paths: Sequence[Path]) -> dict[Kind, Verdict]:
    """What is to be believed of each kind of records, from some of each."""
    alike: dict[Kind, list[Path]] = defaultdict(list)
    for path in paths:
        try:
            alike[kind_of(path, header_of(path))].append(path)
        except Unusable:
            continue
    return {kind: _verdict(kind, of_kind) for kind, of_kind in alike.items()}


def bearable(span: float, gain: float) -> bool:
    """Whether lead II may span so many units at this gain; where it is not known, it may."""
    return not span > 0 or LEAST <= span / abs(gain) <= MOST


def _verdict(kind: Kind, paths: list[Path]) -> Verdict:
    chosen = np.linspace(0, len(paths) - 1, min(len(paths), ENOUGH)).astype(int)
    spans = [span for place in chosen if (span := _span(paths[place])) > 0]
    span = float(np.median(spans)) if spans else 0.0
    fitting = [gain for gain in (kind[1], USUAL) if bearable(span, gain)]
    return Verdict(kind, len(paths), len(spans), span, fitting[0] if fitting else kind[1])


def _span(path: Path) -> float:
    """What lead II spans, in units of the converter; 0 where the record cannot be read."""
    try:
        recording = read_recording(path)
        names = [lead.name for lead in recording.header.leads]
        lead = recording.signal[places(names)[LEADS.index("II")]]
    except Unusable:
        return 0.0
    low, high = np.percentile(lead, EXTREMES)
    return float(high - low) if np.isfinite(high - low) else 0.0
