"""What is said of comparisons between many classes: what was made, and how many were not."""

from __future__ import annotations

from typing import Any

from tremor.report.explained_words import comparisons as said_of


def told(a: str, reason: str = "") -> dict[str, Any]:
    made = {"significant_cells": 3, "cells": 60, "smallest_p": 0.01}
    return {"a": a, "b": "Normal", "station": "all stations", "reason": reason} | made


def test_few_comparisons_are_told_one_by_one() -> None:
    assert said_of([told("N"), told("S", "too few events")]) == [
        "N − Normal at all stations: 3 of 60 cells significant (family-wise, smallest p 0.010)",
        "S − Normal at all stations: not made, too few events",
    ]


def test_many_that_were_not_made_are_counted() -> None:
    many = [told(f"c{n}", "too few events") for n in range(30)]
    made, left = said_of([*many, told("N")])
    assert made.startswith("N − Normal")
    assert left == "30 of 31 not made, such as c0 − Normal at all stations: too few events"
