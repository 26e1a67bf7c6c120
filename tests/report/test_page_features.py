"""What features tell stands on the page: how many records, held against luck, each by its name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pages import HOSTILE
from report.test_page import fill, page_of, score

SHARE = score(0.123, chance=0.016) | {"expected": [0.0, 0.067]}
STRANGE = {"record_id": "r17", "group": "e17", "times": 2.071, "magnitude": 3.8, "station": None}
UNUSUAL = {
    "share": SHARE,
    "count": 23,
    "limit": 4.2,
    "validation_groups": 61,
    "records": [STRANGE, STRANGE | {"record_id": HOSTILE, "magnitude": None}],
    "scheme": "distance: to the nearest.",
}
PROBE = score(0.612, chance=0.349, p=0.0049) | {
    **{"refits": 200, "exchanged": "within", "places": 3, "records": 107, "groups": 65},
    "apart": {"value": 0.125, "p": 0.94},
}


def section(run: Path, **told: Any) -> str:
    """The section's text."""
    source = page_of(run, fill(run, **told)).source
    found = re.search(r'<section id="features".*?</section>', source, re.S)
    return re.sub(r"\s+", " ", found[0]) if found else ""


def test_strange_records_and_places_are_told(tmp_path: Path) -> None:
    said = section(tmp_path, unusual=UNUSUAL, probe={"station": PROBE})
    assert "Farther from the training records than 98.4 % of validation: 23 records" in said
    assert '<span class="bad">0.123</span>' in said
    for number in ("0.082 to 0.160", "2.07", "3.8", "0.612", "0.349", "p = 0.005", "0.125"):
        assert number in said
    assert "The farthest 2 of 23." in said
    assert "exchanged among the records of each event" in said
    assert '<th scope="col">magnitude</th>' in said
    assert '<th scope="col">station</th>' not in said
    assert "<script" not in said


def test_what_cannot_be_told_is_said_and_nothing_else(tmp_path: Path) -> None:
    said = section(tmp_path, unusual={"unavailable": "fewer than 10 groups of validation"})
    assert "Not told: fewer than 10 groups of validation." in said
    assert "<table>" not in said


def test_without_features_there_is_no_such_section(tmp_path: Path) -> None:
    assert section(tmp_path) == ""
