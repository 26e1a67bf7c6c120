"""Whether what a metrics.json says is of the shape that runs are read by."""

from __future__ import annotations

import math
from typing import Any

Plain = dict[str, Any]
NUMBERS = ("value", "lo", "hi", "chance", "p")


def look_at(verdict: Plain) -> dict[str, tuple[str, ...]]:
    """The classes of each head, if any; raises where a score, class or head is something else."""
    heads = verdict.get("heads", {})
    for own in (verdict, *heads.values()):
        for name, score in (own["metrics"] | own.get("ordinal", {})).items():
            strange = [key for key in NUMBERS if not _plain(score.get(key))]
            if strange:
                raise ValueError(f"the {strange[0]} of {name} is no number")
    return {head: _names(own["classes"]) for head, own in heads.items()}


def _names(classes: Any) -> tuple[str, ...]:
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise ValueError("classes that are no list of names")
    return tuple(classes)


def _plain(number: Any) -> bool:
    """Whether it is a finite number, or nothing."""
    return number is None or (isinstance(number, int | float) and math.isfinite(number))
