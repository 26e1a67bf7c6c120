"""Mistakes worth looking at, in a table of their own and with the way to their explanations."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from tremor.evaluation.mistakes import KNOWN
from tremor.files import near, write_whole
from tremor.report.files import read_json
from tremor.report.pictures import FOLDER

NAME = "mistakes.csv"
REMEDY = "explain the run again, or delete its folder of explanations"
AT_ONCE = 5
"""Records that one command explains, the surest mistakes."""
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Mistakes:
    """The mistakes of one question: rows, where each is explained, and how to explain the surest.

    `links` are files below the run's folder by record, `told` the columns known of any row.
    """

    head: str
    rows: Sequence[Row]
    links: Mapping[str, str]
    command: str
    told: Sequence[str]


def of_heads(verdict: Row) -> Iterator[tuple[str, Sequence[Row]]]:
    """The mistakes of a verdict by head; of a single question under no name."""
    if verdict.get("mistakes"):
        yield "", verdict["mistakes"]
    for head, own in verdict.get("heads", {}).items():
        if own.get("mistakes"):
            yield head, own["mistakes"]


def write_mistakes(folder: Path, verdict: Row) -> None:
    """`mistakes.csv` beside a verdict, each with the command that explains it; none for none."""
    run = folder.parent if folder.name == "evaluation" else folder
    rows = [
        ({"head": head} if head else {}) | dict(row) | {"explain": command(run, [row], head)}
        for head, its in of_heads(verdict)
        for row in its
    ]
    if rows:
        write_whole(folder / NAME, pd.DataFrame(rows).to_csv(index=False))


def mistakes(run: Path, verdict: Row) -> list[Mistakes]:
    """What the page of a run shows of them."""
    return [
        Mistakes(
            head=head,
            rows=rows,
            links=dict(_explained(run, {str(row["record_id"]) for row in rows})),
            command=command(run, _alike(rows)[:AT_ONCE], head),
            told=[name for name in KNOWN if any(row.get(name) is not None for row in rows)],
        )
        for head, rows in of_heads(verdict)
    ]


def _alike(rows: Sequence[Row]) -> list[Row]:
    """The rows that one command can ask about: those of the first one's class, if there is one."""
    return [row for row in rows if row.get("class") == rows[0].get("class")]


def command(run: Path, rows: Sequence[Row], head: str) -> str:
    """The command that explains some records of a run."""
    names = ",".join('"{}"'.format(str(row["record_id"]).replace('"', '\\"')) for row in rows)
    place = near(run.resolve())
    words = ["python", "explain.py", f"checkpoint={place}", f"records=[{names}]"]
    target = head or rows[0].get("class")
    return shlex.join([*words, *([f"target={target}"] if target else [])])


def _explained(run: Path, names: set[str]) -> Iterator[tuple[str, str]]:
    """Records with a folder of explanations that has them: their figure, or else its table."""
    for path in sorted((run / FOLDER).glob("*/records.csv")):
        table = pd.read_csv(path, dtype={"record_id": str}, usecols=["record_id"])
        summary = read_json(path.with_name("summary.json"), REMEDY) or {}
        for name in sorted(names & set(table["record_id"])):
            drawn = [one for one in summary.get("figures") or [] if _shows(one, name)]
            file = f"{drawn[0]['name']}.png" if drawn else path.name
            yield name, f"{FOLDER}/{path.parent.name}/{file}"


def _shows(figure: Any, record: str) -> bool:
    """Whether a figure of a summary is of one record."""
    caption = figure.get("caption", "") if isinstance(figure, Mapping) else ""
    return str(caption).startswith(f"Record {record},")
