"""A ladder of splits on the way out: its folder, its page, its tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure
from rich.table import Table

from tremor.errors import Refused
from tremor.evaluation.compared import CHANCE
from tremor.evaluation.ladder import Ladder, Step
from tremor.evaluation.ladder_words import sentences
from tremor.files import whole_folder, write_json, write_whole
from tremor.report import markup, tables
from tremor.report.comparison_tables import label
from tremor.report.forest import forest
from tremor.report.latex import ends, escaped, fixed, tabular
from tremor.report.svg import save_png
from tremor.report.templates import template


def write(made: Ladder, folder: Path) -> list[Path]:
    """Write table, figure and page in the place of an earlier ladder, whole or not at all."""
    if folder.exists() and not (folder / "ladder.json").is_file():
        raise Refused("the folder exists and is no ladder", str(folder), "give another --out")
    figure = forest([step.reached for step in made.steps], made.metric)
    with whole_folder(folder, replace=True) as scratch:
        frame(made).to_csv(scratch / "ladder.csv", index=False)
        write_whole(scratch / "ladder.tex", latex(made))
        write_json(scratch / "ladder.json", made.plain())
        save_png(figure, scratch / "ladder.png")
        listed = sorted([*(path.name for path in scratch.iterdir()), "ladder.html"])
        write_whole(scratch / "ladder.html", html(made, figure, listed))
    return sorted(folder.iterdir())


def frame(made: Ladder) -> pd.DataFrame:
    """One row a rung, as in ladder.csv."""
    rows = []
    for step, plain in zip(made.steps, made.plain()["rungs"], strict=True):
        above = plain.pop("above_whole_events") or {"value": None, "lo": None, "hi": None}
        told = {f"above_whole_events{'' if k == 'value' else f'_{k}'}": v for k, v in above.items()}
        plain |= {"seeds": " ".join(map(str, plain.pop("seeds"))), "metric": made.metric}
        del plain["runs"]
        rows.append(plain | told | {"runs": len(step.reached.runs)})
    return pd.DataFrame(rows)


def latex(made: Ladder) -> str:
    """The table for a paper."""
    level = rf"{100 * made.level:g}\,\% interval"
    heads = ["Test", "Seeds", "Events", label(made.metric), level, "Chance"]
    heads += ["Against whole events", level]
    rows = []
    for step in made.steps:
        c, above = step.reached, step.above
        row = [escaped(c.name), str(len(c.runs)), str(c.events), fixed(c.mean.value)]
        row += [ends(c.mean.lo, c.mean.hi), fixed(c.chance)]
        row += [fixed(above.value, True), ends(above.lo, above.hi, True)] if above else ["--"] * 2
        rows.append(row)
    return tabular(heads, rows)


def html(made: Ladder, figure: Figure, files: Sequence[str]) -> str:
    """ladder.html: whole in itself, in the look of a run's report."""
    drawn = markup.drawings({"ladder": figure}, lambda name: "Score on each rung with its interval")
    return template("ladder.html.j2").render(
        it=made,
        style=markup.style(),
        drawing=drawn["ladder"],
        sentences=list(sentences(made)),
        metric=label(made.metric),
        chance_source=CHANCE[made.metric],
        trained=trained,
        files=files,
    )


def trained(step: Step) -> str:
    """How many events a run was trained on, where that is known."""
    return f"{step.trained:.0f}" if isfinite(step.trained) else "–"


def terminal(made: Ladder) -> Table:
    """The table on the terminal, as wide as it is."""
    found = Table(box=None, pad_edge=False, header_style="bold")
    found.add_column("test")
    interval = f"{made.level:.0%} interval"
    for head in (made.metric, interval, "chance", "against whole events", interval, "events"):
        found.add_column(head, justify="right", no_wrap=True)
    for step in made.steps:
        c, above = step.reached, step.above
        cells = [*_score(asdict(c.mean)), tables.number(c.chance)]
        cells += _score(asdict(above)) if above else ["–", "–"]
        found.add_row(c.name, *cells, str(c.events))
    return found


def _score(score: dict[str, float | None]) -> list[str]:
    return [tables.number(score["value"]), tables.interval(score) or "–"]
