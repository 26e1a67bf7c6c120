"""report.html: one page that tells what a run is worth, whole in one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from tremor.files import readable, write_whole
from tremor.report import markup, tables
from tremor.report.checklist import checklist
from tremor.report.explanations import explained
from tremor.report.files import RunFiles
from tremor.report.known import Known
from tremor.report.methods import paragraph
from tremor.report.mistakes import mistakes
from tremor.report.page_sections import sections, titles
from tremor.report.studied import studied
from tremor.report.templates import template

REMEDY = "evaluate the run again; the files of a run are not to be edited"
NEEDED = {
    "git.commit": "Code (commit)",
    "data_fingerprint": "Data (fingerprint)",
    "seed": "Seed",
    "device": "Device",
    "python": "Python",
    "versions.torch": "PyTorch",
}
"""What the same numbers need beside the command, by its place in the provenance."""


def write_page(run: Path, figures: Mapping[str, Figure], *, unit: str = "") -> Path:
    """Write `report.html` into a run folder from its files and `figures`; return its path.

    `figures` go by the names in `TITLES`; any other name is shown under itself. `unit` is what a
    group is: event, station or patient; if not given, what the verdict says. Parts that the run
    should have and has not are said to be missing; those of another kind of run are left out.
    Explanations and studies of them are read from their folders.
    """
    with readable(run, REMEDY):
        return write_whole(run / "report.html", _page(run, figures, unit))


def _page(run: Path, figures: Mapping[str, Figure], unit: str) -> str:
    """The page of a run's files as they are now."""
    files = RunFiles.read(run)
    verdict: Mapping[str, Any] = files.verdict or {}
    heads: Mapping[str, Any] = verdict.get("heads", {})
    named = titles(list(heads))
    drawn = markup.drawings(figures, lambda name: named.get(name, name))
    explanations, studies = explained(run), studied(run)
    beside = ["explanations"] * bool(explanations) + ["studies"] * bool(studies)
    groups = tables.headlines_by_head(verdict) if verdict else {}
    return template("page.html.j2").render(
        run=files,
        unit=unit or verdict.get("unit", "event"),
        figures=drawn,
        explanations=explanations,
        studies=studies,
        mistakes=mistakes(run, verdict),
        checklist=checklist(Known.of(files)),
        methods=paragraph(Known.of(files)),
        sections=sections(files.verdict, [*drawn, *beside]),
        others=[name for name in drawn if name not in named],
        heads=heads,
        headlines=groups,
        known=any(one.interval for numbers in groups.values() for one in numbers[:1]),
        few=_few([verdict, *heads.values()]),
        command=tables.command_line(files.provenance.get("command")),
        provenance=list(tables.flat(files.provenance)),
        needed=dict(_needed(files.provenance)),
    )


def _few(verdicts: Iterable[Mapping[str, Any]]) -> list[Any]:
    """The groups themselves, where one of these verdicts had too few of them."""
    return next((told["group_list"] for told in verdicts if told.get("group_list")), [])


def _needed(provenance: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What must be the same for the same numbers, as far as it was kept."""
    told = dict(tables.flat(provenance))
    dirty = {"True": ", with changes that no commit has"}.get(told.get("git.dirty", ""), "")
    for key, name in NEEDED.items():
        if key in told:
            yield name, told[key] + dirty * (key == "git.commit")
