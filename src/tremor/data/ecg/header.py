"""WFDB headers (.hea): what a record's files hold, and what is known of the patient."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

from tremor.data.sources.cells import Unusable, number

NUMBER = r"[-+]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][-+]?\d{1,3})?"
RATE = re.compile(rf"({NUMBER})(?:/{NUMBER}(?:\({NUMBER}\))?)?", re.ASCII)
WHOLE = re.compile(r"[-+]?\d{1,15}", re.ASCII)
FORMAT = re.compile(r"(\d{1,4})(?:x(\d{1,4}))?(?::(\d{1,9}))?(?:\+(\d{1,12}))?", re.ASCII)
GAIN = re.compile(rf"({NUMBER})(?:\(([-+]?\d{{1,15}})\))?(?:/(\S{{1,40}}))?", re.ASCII)
FILE = re.compile(r"[\w-][\w.-]*", re.ASCII)
CODES = re.compile(r"[^\s,;|]+")
LINE_END = re.compile(r"\r\n?|\n")  # and no other: bytes beyond ASCII are of some letter
BOM = "\ufeff".encode().decode("latin-1")
"""What some editors put before a text, read as headers are."""
NO_GAIN = 200.0  # what WFDB takes where a header tells none
MOST_LEADS = 256
OLDEST = 120.0  # years
SEXES = {"m": "male", "male": "male", "f": "female", "female": "female"}
UNTOLD = ("", "unknown", "nan", "none", "null")


@dataclass(frozen=True)
class Lead:
    """One line of a header: `gain` units of the converter make one `units`, from `baseline` on.

    `initial` and `checksum` say what the samples should be, where the header tells them.
    """

    file: str
    format: int
    offset: int
    gain: float
    baseline: int
    units: str
    initial: int | None
    checksum: int | None
    name: str


@dataclass(frozen=True)
class Header:
    """A record: its leads, samples a second (Hz), samples of each lead where told, and comments."""

    name: str
    rate: float
    samples: int | None
    leads: tuple[Lead, ...]
    comments: tuple[tuple[str, str], ...]

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """What the record shows: SNOMED codes of the lines `Dx`, each once, in their order."""
        found = CODES.findall(",".join(self._told("dx")))
        return tuple(dict.fromkeys(code for code in found if code.lower() not in UNTOLD))

    @cached_property
    def age(self) -> float:
        """Years; not-a-number where it is not known."""
        years = number(next(iter(self._told("age")), None))
        return years if 0 <= years <= OLDEST else math.nan

    @cached_property
    def sex(self) -> str:
        """male, female, or nothing where it is not known."""
        return SEXES.get(next(iter(self._told("sex")), "").lower(), "")

    @cached_property
    def patient(self) -> str:
        """Who it is, where a line `Patient` tells it."""
        told = next(iter(self._told("patient")), "")
        return "" if told.lower() in UNTOLD else told

    @property
    def told(self) -> dict[str, str]:
        """The comments that have a key, as a copy of the record has to repeat them."""
        return {key: text for key, text in self.comments if key}

    def _told(self, key: str) -> list[str]:
        return [text for known, text in self.comments if known.lower() == key]


def read_header(text: str) -> Header:
    """A header from its text; one that makes no sense is unusable."""
    lines = [line.strip() for line in LINE_END.split(text.removeprefix(BOM))]
    comments = tuple(_comment(line) for line in lines if line.startswith("#"))
    written = [line for line in lines if line and not line.startswith("#")]
    if not written:
        raise Unusable("an empty header")
    name, count, rate, samples = _record(written[0])
    if len(written) - 1 != count:
        raise Unusable(f"{len(written) - 1} lines of leads in the header, {count} promised")
    return Header(name, rate, samples, tuple(map(_lead, written[1:])), comments)


def _comment(line: str) -> tuple[str, str]:
    """`#Dx: 1,2`, or `# Dx: 1,2`, as key and text."""
    key, _, text = line.lstrip("#").partition(":")
    return key.strip(), text.strip()


def _record(line: str) -> tuple[str, int, float, int | None]:
    """The first line: name, leads, rate (Hz), samples of each lead where told."""
    name, *words = line.split()
    if "/" in name:
        raise Unusable("a record of several segments")
    if not words or not (leads := WHOLE.fullmatch(words[0])):
        raise Unusable("a header that does not begin with a name and a number of leads")
    if not 0 < int(leads[0]) <= MOST_LEADS:
        raise Unusable(f"{int(leads[0])} leads promised")
    if len(words) < 2 or not (rate := RATE.fullmatch(words[1])):
        raise Unusable("no sampling rate in the header")
    if not 0 < float(rate[1]) < math.inf:
        raise Unusable(f"a sampling rate of {float(rate[1]):g} Hz")
    return name, int(leads[0]), float(rate[1]), _whole(words[2:3], "samples", least=0) or None


def _lead(line: str) -> Lead:
    """One line of a lead: file, format, and as many of the others as are there."""
    file, kind, gain, _, zero, initial, checksum, _, name = (*line.split(maxsplit=8), *[""] * 9)[:9]
    if not FILE.fullmatch(file):
        raise Unusable("a lead whose file is not a name in the same folder")
    layout, scale = FORMAT.fullmatch(kind), GAIN.fullmatch(gain or "0")
    if not layout or not scale:
        raise Unusable("a lead whose format or gain is not understood")
    if int(layout[2] or 1) != 1 or int(layout[3] or 0) != 0:
        raise Unusable("leads of different rates, or shifted in time")
    if not math.isfinite(float(scale[1])):
        raise Unusable("a lead whose format or gain is not understood")
    return Lead(
        file=file,
        format=int(layout[1]),
        offset=int(layout[4] or 0),
        gain=float(scale[1]) or NO_GAIN,
        baseline=int(scale[2] or (_whole([zero], "zero of the converter") or 0)),
        units=scale[3] or "mV",
        initial=_whole([initial], "initial value"),
        checksum=_whole([checksum], "checksum"),
        name=name,
    )


def _whole(words: list[str], what: str, least: int | None = None) -> int | None:
    """A whole number, or None where there is none."""
    if not words or not words[0]:
        return None
    if not WHOLE.fullmatch(words[0]) or (least is not None and int(words[0]) < least):
        raise Unusable(f"{what} in the header: not a number")
    return int(words[0])
