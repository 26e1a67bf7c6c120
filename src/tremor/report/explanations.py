"""What the page of a run says of its explanations: read from their folders, put into words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tremor.errors import TremorError
from tremor.report.files import read_json
from tremor.report.pictures import FOLDER, Picture, link_to, picture_of
from tremor.report.plots_explanation_sheet import About
from tremor.report.tables import counted, number

ALL = 12_000_000
"""Bytes of all pictures that a page carries; others are linked."""
MARKS = {"pass": "✓ pass", "weak": "~ weak", "fail": "✗ fail", "undefined": "? undefined"}
OVERALL = {
    "pass": "The audit found nothing against these maps.",
    "weak": "The audit is not settled: some checks are weak. Read the table before these maps.",
    "fail": "NOT TRUSTED: these maps fail the audit.",
    "undefined": "The audit could measure nothing: whether these maps tell the truth is not known.",
}
UNAUDITED = "Not audited: whether these maps tell the truth is not known."


@dataclass(frozen=True)
class Check:
    """A line of the audit."""

    check: str
    mark: str
    bad: bool
    value: str
    interval: str
    against: str
    words: str


@dataclass(frozen=True)
class Explained:
    """One folder of explanations as the page shows it."""

    heading: str
    said: str
    alarm: bool
    notes: Sequence[str]
    checks: Sequence[Check]
    facts: Mapping[str, str]
    methods: str
    pictures: Sequence[Picture]
    links: Sequence[tuple[str, str]]


def explained(run: Path) -> list[Explained]:
    """Every folder `explanations/*` of a run that has a summary.json, in order of their names.

    The page carries the pictures themselves, the first ones first, up to a size.
    """
    paths = sorted((run / FOLDER).glob("*/summary.json"))
    found = [_read(path) for path in paths if not path.parent.name.startswith(".")]
    return _within(found, ALL)


def _within(found: Sequence[Explained], most: int) -> list[Explained]:
    """The same, with links in place of the pictures that go beyond so many bytes."""
    left, shown = most, []
    for one in found:
        pictures = []
        for picture in one.pictures:
            fits = len(picture.source) <= left
            left -= len(picture.source) if fits else 0
            pictures.append(picture if fits else replace(picture, source=""))
        shown.append(replace(one, pictures=pictures))
    return shown


def _read(path: Path) -> Explained:
    """One folder by its summary."""
    summary = read_json(path, "explain the run again, or delete its folder of explanations")
    try:
        return _shown(path.parent, summary)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TremorError(
            f"a summary of explanations is not as it should be: {error!r}",
            str(path),
            "explain the run again, or delete its folder of explanations",
        ) from error


def _shown(folder: Path, summary: Mapping[str, Any]) -> Explained:
    overall = summary.get("overall")
    said = UNAUDITED if overall is None else OVERALL[overall]
    return Explained(
        heading=" · ".join(_heading(folder, summary)),
        said=str(summary.get("caption") or said),
        alarm=overall != "pass",
        notes=[str(note) for note in summary.get("notes") or []],
        checks=[_check(row) for row in summary.get("audit") or []],
        facts=dict(_facts(summary)),
        methods=str(summary.get("methods") or ""),
        pictures=[picture_of(folder, entry) for entry in summary.get("figures") or []],
        links=[(path.name, link_to(path)) for path in sorted(folder.iterdir()) if path.is_file()],
    )


def _heading(folder: Path, summary: Mapping[str, Any]) -> Iterator[str]:
    """What was explained, and how."""
    yield str(summary.get("explainer", folder.name))
    if folder.name != summary.get("explainer", folder.name):
        yield f"folder {folder.name}"
    if "space" in summary:
        yield f"in the {summary['space']}"
    if "target" in summary:
        yield f"target: {summary['target']}"
    if "split" in summary:
        yield str(summary["split"])


def _check(row: Mapping[str, Any]) -> Check:
    """A line of the audit in words; an unknown verdict is shown as it is."""
    verdict = str(row["verdict"])
    ends = row.get("interval")
    reach = "" if not ends or None in ends else f"{number(ends[0])} to {number(ends[1])}"
    value, against = row.get("value"), row.get("against")
    return Check(
        check=str(row["check"]).replace("_", " "),
        mark=MARKS.get(verdict, verdict),
        bad=verdict != "pass",
        value="–" if value is None else _figure(value),
        interval=reach,
        against="–" if against is None else _figure(against),
        words=str(row.get("words") or ""),
    )


def _figure(value: Any) -> str:
    return str(value) if isinstance(value, str) else number(float(value))


def _facts(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """How far the numbers of these maps can be trusted, a line each."""
    if "records" in summary:
        events = f" of {counted(summary['events'], 'event')}" if summary.get("events") else ""
        chosen = f", select: {summary['select']}" if summary.get("select") else ""
        yield "Explained", f"{counted(summary['records'], 'record')}{events}{chosen}"
    yield "True resolution", About.of(summary).resolved().removeprefix("resolved: ")
    error = _middle(summary.get("relative_standard_error"))
    yield "Relative standard error", error or "not known for this method"
    fault = _middle(summary.get("completeness_error"))
    yield (
        "Completeness error",
        f"{fault}: a check for faults, it says nothing of accuracy"
        if fault
        else "none: this method does not add up to the score",
    )
    cost = summary.get("evaluations") or {}
    if cost.get("per_record") is not None:
        total = f", {cost['total']:,.0f} in all" if cost.get("total") is not None else ""
        yield "Evaluations of the network", f"{cost['per_record']:,.0f} a record{total}"


def _middle(spread: Any) -> str:
    """`median 0.12, largest 0.3` of a summary's number or numbers; empty without one."""
    if spread is None:
        return ""
    known = spread if isinstance(spread, Mapping) else {"median": spread}
    names = {"median": "median", "max": "largest"}
    found = [f"{names[n]} {known[n]:.2g}" for n in names if known.get(n) is not None]
    return ", ".join(found)
