"""What the page of a run says of its studies of maps: a table, a sheet, and where the rest is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tremor.files import readable
from tremor.report.files import read_json
from tremor.report.pictures import FOLDER
from tremor.report.study_table import Table, picture

REMEDY = "study the run again, or delete this folder"


@dataclass(frozen=True)
class Studied:
    """The studies of one choice of records: `explanations/<name>` of a run."""

    name: str
    table: Table
    findings: Sequence[str]
    sheet: Mapping[str, str] | None
    link: str


def studied(run: Path) -> list[Studied]:
    """Every folder of studies of a run, in order of their names."""
    pages = sorted((run / FOLDER).glob("*/study.html"))
    return [_read(page.parent) for page in pages if not page.parent.name.startswith(".")]


def _read(home: Path) -> Studied:
    """One folder, by its table and what each study left."""
    with readable(home / "ablation.csv", REMEDY):
        lines = pd.read_csv(home / "ablation.csv", index_col=False).to_dict("records")
        table = Table.of([{str(k): v for k, v in line.items()} for line in lines])
    honest = {line["study"] for line in table.honest}
    told = {path.parent.name: read_json(path, REMEDY) for path in sorted(home.glob("*/study.json"))}
    own: dict[str, Any] = {name: each for name, each in told.items() if name in honest}
    drawn = [(name, sheet) for name, each in (own or told).items() for sheet in each["sheets"]]
    return Studied(
        name=home.name,
        table=table,
        findings=[words for each in own.values() for words in each.get("findings", [])],
        sheet=_sheet(home, *drawn[0]) if drawn else None,
        link=f"{FOLDER}/{home.name}/study.html",
    )


def _sheet(home: Path, study: str, sheet: Mapping[str, str]) -> dict[str, str]:
    return picture(home, study, sheet) | {"link": f"{FOLDER}/{home.name}/{study}/{sheet['file']}"}
