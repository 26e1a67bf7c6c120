"""The page of the studies of one choice of records: tables, what they say, and ECG paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tremor.files import write_whole
from tremor.report.markup import style
from tremor.report.study_table import Table, picture
from tremor.report.templates import template

MOST = 24  # sheets that the page carries; the others lie in their folder


def write_page(
    home: Path, lines: Sequence[Mapping[str, Any]], studies: Sequence[Mapping[str, Any]]
) -> Path:
    """Write `study.html` into `home`, whole in one file."""
    page = template("study.html.j2").render(
        style=style(),
        name=home.name,
        table=Table.of(lines),
        studies=[
            {
                "findings": [],
                **study,
                "sheets": _sheets(home, study),
                "more": len(study["sheets"][MOST:]),
            }
            for study in studies
        ],
    )
    return write_whole(home / "study.html", page)


def _sheets(home: Path, study: Mapping[str, Any]) -> list[dict[str, str]]:
    """The first sheets of a study as data; those that are gone are left out by name."""
    return [picture(home, str(study["name"]), sheet) for sheet in study["sheets"][:MOST]]
