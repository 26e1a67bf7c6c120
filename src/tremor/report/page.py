"""report.html: one page that tells what a run is worth, whole in one file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from tremor.files import readable, write_whole
from tremor.report import tables
from tremor.report.checklist import checklist
from tremor.report.explanations import explained
from tremor.report.files import RunFiles
from tremor.report.known import Known
from tremor.report.methods import paragraph
from tremor.report.mistakes import mistakes, of_heads
from tremor.report.studied import studied
from tremor.report.svg import inline_svg

TITLES = {
    "confusions": "Confusion matrix of each head: records by true and predicted class",
    "detection": "Share of precursors found against false alarms",
    "angles": "Records by how far off the predicted direction is",
    "learning_curves": "Loss and accuracy on train and val against the epoch",
    "confusion": "Confusion matrix: records by true and predicted class",
    "per_class": "Precision, recall and F1 of each class with intervals and chance",
    "class_balance": "Records and groups of each class in each part of the split",
    "fan_chart": "Median waveform of each class with quantile bands",
    "reliability": "Share of right answers against the probability that was given",
    "risk_coverage": "Share of wrong answers among the surest against the share that is answered",
    "coverage_in_time": "How often prediction sets of successive times hold the class",
    "ordinal_times": "Predicted class against true time to the main shock",
    "strata": "Accuracy among events of small and large magnitude and signal-to-noise ratio",
    "roc": "Share of each class that is found against false alarms",
    "precision_recall": "Share of calls that are right against the share that is found",
    "reliabilities": "Share that has each class against the probability that was given",
    "called": "Records by the classes that they have and are said to have",
    "timeline": "Every event at its date and magnitude (where known), in the colour of its class",
    "pretraining_curves": "Loss, skill, codes and temperature of pretraining against the epoch",
    "codebook": "How often each code of the codebook is used",
}
SECTIONS = {
    "verdict": "Verdict",
    "baselines": "Baselines",
    "together": "All heads",
    "detection": "Detection",
    "head": "",
    "classes": "Classes",
    "probabilities": "Probabilities",
    "sets": "When to trust an answer",
    "order": "Order in time",
    "strata": "Strata",
    "slices": "Slices",
    "features": "Features",
    "mistakes": "Mistakes",
    "explanations": "Explanations",
    "studies": "Study of maps",
    "signals": "Signals",
    "audit": "Leak audit",
    "learning": "Learning",
    "codebook": "Codebook",
    "ran": "What ran",
    "paper": "For a paper",
    "again": "To run it again",
    "files": "Files",
}
"""The sections in their order: what it is worth, where it errs, why, on what, made by what."""
OF_CLASSES = {"classes": "per_class", "baselines": "baselines"}
OPTIONAL = {
    "detection": ("detection",),
    "together": ("joint",),
    "codebook": ("codebook",),
    "probabilities": ("calibration", "reliability", "reliabilities"),
    "order": ("ordinal", "times", "ordinal_times", "timeline"),
    "strata": ("strata",),
    "slices": ("slices",),
    "sets": ("sets", "selective"),
    "features": ("unusual", "probe"),
    "paper": ("metrics",),
    "explanations": ("explanations",),
    "studies": ("studies",),
}
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
FILTERS = (
    tables.number,
    tables.interval,
    tables.probability,
    tables.unbeaten,
    tables.counted,
    tables.size,
    tables.spelt,
    tables.breakable,
    quote,
)


@dataclass(frozen=True)
class Drawing:
    """A figure as markup that is safe to set into the page, and its natural width in points."""

    svg: Markup
    points: int

    @property
    def wide(self) -> bool:
        """Whether it takes the whole column, so that its caption goes below."""
        return self.points > 72 * 6


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
    drawn, explanations, studies = _drawings(figures, named), explained(run), studied(run)
    beside = ["explanations"] * bool(explanations) + ["studies"] * bool(studies)
    groups = tables.headlines_by_head(verdict) if verdict else {}
    return (
        environment()
        .get_template("page.html.j2")
        .render(
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
    )


def titles(heads: Iterable[str]) -> dict[str, str]:
    """What each figure shows, by its name: those of one head end with it."""
    return TITLES | {f"{name}_{h}": f"{said} · {h}" for h in heads for name, said in TITLES.items()}


def _few(verdicts: Iterable[Mapping[str, Any]]) -> list[Any]:
    """The groups themselves, where one of these verdicts had too few of them."""
    return next((told["group_list"] for told in verdicts if told.get("group_list")), [])


def sections(verdict: Mapping[str, Any] | None, parts: Iterable[str]) -> dict[str, str]:
    """The sections of a page and their headings: none that this kind of run cannot have.

    `parts` are the names of what there is beside the verdict: figures, and explanations.
    """
    there = {*(verdict or {}), *parts}
    gone = {s for s, needed in OPTIONAL.items() if there.isdisjoint(needed)}
    gone |= set() if any(of_heads(verdict or {})) else {"mistakes"}
    if verdict is not None:
        gone |= {s for s, needed in OF_CLASSES.items() if needed not in verdict}
    heads = [head[:1].upper() + head[1:] for head in (verdict or {}).get("heads", {})]
    found: dict[str, str] = {}
    for name, heading in SECTIONS.items():
        each = {f"head-{n}": title for n, title in enumerate(heads, 1)}
        found |= each if name == "head" else {} if name in gone else {name: heading}
    return found


def _needed(provenance: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What must be the same for the same numbers, as far as it was kept."""
    told = dict(tables.flat(provenance))
    dirty = {"True": ", with changes that no commit has"}.get(told.get("git.dirty", ""), "")
    for key, name in NEEDED.items():
        if key in told:
            yield name, told[key] + dirty * (key == "git.commit")


def _drawings(figures: Mapping[str, Figure], named: Mapping[str, str]) -> dict[str, Drawing]:
    """The figures of one page: numbered, so that no id comes twice."""
    found = {}
    for place, (name, figure) in enumerate(figures.items(), start=1):
        svg = Markup(inline_svg(figure, f"figure{place}", named.get(name, name)))
        found[name] = Drawing(svg, round(72 * figure.get_size_inches()[0]))
    return found


@cache
def environment() -> Environment:
    """Templates beside this file, read once; whatever they show is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({function.__name__: function for function in FILTERS})
    environment.tests["unbeaten"] = tables.unbeaten
    environment.globals["between"] = tables.between
    return environment
