"""What an electrocardiogram shows, as SNOMED codes: those of the Challenge of 2020, by name."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("snomed.csv")


@dataclass(frozen=True)
class Code:
    """A code, how it is abbreviated and called, and the code that the Challenge scores it as."""

    code: str
    abbreviation: str
    name: str
    equivalent_of: str


@cache
def codes() -> dict[str, Code]:
    """The 27 scored codes in the table's order."""
    with TABLE.open(newline="", encoding="utf-8") as file:
        return {row["code"]: Code(**row) for row in csv.DictReader(file)}


def named(code: str) -> str:
    """A code's abbreviation, such as AF; the code itself where it is not known."""
    known = codes().get(code)
    return known.abbreviation if known else code


def equivalents(code: str) -> tuple[str, ...]:
    """A code and those that mean the same, in the table's order."""
    same = [one.code for one in codes().values() if _first(one.code) == _first(code)]
    return tuple(same) or (code,)


def _first(code: str) -> str:
    known = codes().get(code)
    return known.equivalent_of if known and known.equivalent_of else code


def unknown(found: Iterable[str]) -> Counter[str]:
    """How often each code is there that the table does not know."""
    return Counter(code for code in found if code not in codes())
