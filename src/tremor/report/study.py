"""The page of the studies of one choice of records: tables, what they say, and ECG paper."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tremor.files import write_whole
from tremor.report.alike import style, template

SHOWN = {
    "strict_attauc": "AttAUC, strict",
    "strict_attauc_beyond_shifted": "beyond half a beat's shift",
    "strict_attauc_beyond_leads": "beyond permuted leads",
    "lenient_attauc": "AttAUC, lenient",
    "truth_attauc": "AttAUC, planted truth",
    "strict_f1": "F1, strict",
    "deletion_auc": "deletion",
    "faithfulness_gain": "deletion gain",
    "faithfulness_gain_second": "the same, second fill",
    "extra_spearman": "stability",
    "extra_prediction_stays": "prediction stays",
}
"""Columns of the ablation that the page has; the CSV has all."""
MOST = 24  # sheets that the page carries; the others lie in their folder


def write_page(
    home: Path, lines: Sequence[Mapping[str, Any]], studies: Sequence[Mapping[str, Any]]
) -> Path:
    """Write `study.html` into `home`, whole in one file."""
    shown = {c: words for c, words in SHOWN.items() if any(_known(row, c) for row in lines)}
    page = template("study.html.j2").render(
        style=style(),
        name=home.name,
        lines=[{**line, "cells": [_cell(line, column) for column in shown]} for line in lines],
        headings=list(shown.values()),
        studies=[
            {**study, "sheets": _sheets(home, study), "more": len(study["sheets"][MOST:])}
            for study in studies
        ],
        circular=any(line.get("stamp") for line in lines),
    )
    return write_whole(home / "study.html", page)


def _known(line: Mapping[str, Any], column: str) -> bool:
    value = line.get(column)
    return value is not None and value == value


def _cell(line: Mapping[str, Any], column: str) -> dict[str, str]:
    """A number and its interval, as text."""
    if not _known(line, column):
        return {"value": "–", "interval": ""}
    low, high = (line.get(f"{column}_{end}") for end in ("low", "high"))
    ends = "" if low is None or low != low else f"{low:.3f} to {high:.3f}"
    return {"value": f"{line[column]:.3f}", "interval": ends}


def _sheets(home: Path, study: Mapping[str, Any]) -> list[dict[str, str]]:
    """The first sheets of a study as data; those that are gone are left out by name."""
    found = []
    for sheet in study["sheets"][:MOST]:
        path = home / str(study["name"]) / str(sheet["file"])
        data = base64.b64encode(path.read_bytes()).decode() if path.exists() else ""
        found.append({**sheet, "data": data})
    return found
