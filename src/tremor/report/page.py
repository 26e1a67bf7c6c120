"""report.html: one page that tells what a run is worth, whole in one file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from matplotlib.figure import Figure

from tremor.data.files import write_whole
from tremor.report import tables
from tremor.report.files import RunFiles
from tremor.report.svg import inline_svg

TITLES = {
    "learning_curves": "Loss and accuracy on train and val against the epoch",
    "confusion": "Confusion matrix: records by true and predicted class",
    "per_class": "Precision, recall and F1 of each class with intervals and chance",
    "class_balance": "Records and groups of each class in each part of the split",
    "fan_chart": "Median waveform of each class with quantile bands",
}
FILTERS = (
    tables.number,
    tables.interval,
    tables.probability,
    tables.unbeaten,
    tables.counted,
    tables.size,
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


def write_page(run: Path, figures: Mapping[str, Figure], *, unit: str = "event") -> Path:
    """Write `report.html` into a run folder from its files and `figures`; return its path.

    `figures` go by the names of the functions in `plots`; any other name is shown under itself.
    `unit` is what a group is: event, station or patient. Parts that the run does not have are said
    to be missing.
    """
    files = RunFiles.read(run)
    drawn = _drawings(figures)
    page = (
        _environment()
        .get_template("page.html.j2")
        .render(
            run=files,
            unit=unit,
            figures=drawn,
            others=[name for name in drawn if name not in TITLES],
            headlines=tables.headlines(files.verdict) if files.verdict else [],
            command=tables.command_line(files.provenance.get("command")),
            provenance=list(tables.flat(files.provenance)),
        )
    )
    return write_whole(run / "report.html", page)


def _drawings(figures: Mapping[str, Figure]) -> dict[str, Drawing]:
    """The figures of one page: numbered, so that no id comes twice."""
    found = {}
    for place, (name, figure) in enumerate(figures.items(), start=1):
        svg = Markup(inline_svg(figure, f"figure{place}", TITLES.get(name, name)))
        found[name] = Drawing(svg, round(72 * figure.get_size_inches()[0]))
    return found


def _environment() -> Environment:
    """Templates beside this file; whatever they show is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update({function.__name__: function for function in FILTERS})
    return environment
