"""What clinicians say of where the evidence is for a diagnosis: windows of beats, in leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tremor.errors import Refused

LEADS = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")


@dataclass(frozen=True)
class Window:
    """From `start` to `stop` s after an R peak; `to_next`: `stop` is from the next beat's peak."""

    start: float
    stop: float
    to_next: bool = False


@dataclass(frozen=True)
class Bounds:
    """A window as it usually is, in fast hearts, and in classes with broad QRS complexes."""

    usual: Window
    fast: Window
    wide: Window

    def of(self, *, fast: bool, wide: bool) -> Window:
        return self.fast if fast else self.wide if wide else self.usual


@dataclass(frozen=True)
class Claim:
    """That evidence lies in `windows` of the beats (all, or the early ones), in these leads."""

    what: str
    source: str
    windows: tuple[str, ...]
    strict: tuple[str, ...]
    lenient: tuple[str, ...]
    early: bool = False


@dataclass(frozen=True)
class Diagnosis:
    """A class: `codes` are equivalent; `prior` leads are for the earlier, circular scores alone."""

    key: str
    name: str
    codes: tuple[str, ...]
    claims: tuple[Claim, ...]
    wide: bool = False
    prior: tuple[str, ...] = ()

    @property
    def windows(self) -> tuple[str, ...]:
        """All that it claims, each once."""
        return tuple(dict.fromkeys(name for claim in self.claims for name in claim.windows))


@dataclass(frozen=True)
class Claims:
    """All diagnoses; `tokens` are the windows that beats are cut into whatever is claimed.

    Records of `fast` beats a minute or more have other windows; a beat is early below the share
    `early` of the median RR interval.
    """

    windows: Mapping[str, Bounds]
    tokens: tuple[str, ...]
    diagnoses: Mapping[str, Diagnosis]
    fast: float
    early: float
    source: str

    def of(self, key: str) -> Diagnosis:
        """The diagnosis of a name or a SNOMED code."""
        if key in self.diagnoses:
            return self.diagnoses[key]
        for found in self.diagnoses.values():
            if key in found.codes:
                return found
        known = ", ".join(self.diagnoses)
        fault = f"nothing is claimed about the class {key}"
        raise Refused(fault, self.source, f"an entry under classes, or one of {known}")

    def key(self, name: str, codes: Sequence[object]) -> str | None:
        """What a class is called here: found by its codes, else by its name; None where unknown."""
        asked = {str(code) for code in codes}
        same = [key for key, found in self.diagnoses.items() if asked & set(found.codes)]
        return same[0] if same else name if name in self.diagnoses else None

    def bounds(self, name: str, *, fast: bool, wide: bool) -> Window:
        """A window as it is in a record and a class."""
        return self.windows[name].of(fast=fast, wide=wide)
