"""A sweep on the way out: sweep.csv, a row a job, and sweep.html, whole in one file."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tremor.evaluation.swept import Row, Swept
from tremor.evaluation.swept_words import sentences, value_said
from tremor.files import write_whole
from tremor.report import markup, tables
from tremor.report.sweep_figures import LINES, MOST, figures
from tremor.report.templates import template
from tremor.training.sweep_folder import OUTPUT, Sweep

SPOKEN = {
    "values": "Validation number of each job against the value of each key",
    "parallel": "Each job as a line through its values to its validation number",
}
CAPTIONS = {
    "values": "Each dot is a job. Diamonds: the jobs of the configuration that validation chose. "
    "Rings: pruned, at the best that they had reached.",
    "parallel": "Each line is a job. Bold: the configuration that validation chose; blue: the "
    "best quarter. Scales run from the smallest to the largest value that was tried.",
}


def write(swept: Swept) -> Path:
    """Write both files into the sweep's folder; returns the page."""
    write_whole(swept.sweep.folder / "sweep.csv", table(swept))
    return write_whole(swept.sweep.folder / "sweep.html", html(swept))


def table(swept: Swept) -> str:
    """sweep.csv: what each job varied, how it ended, its validation number and test scores."""
    rows = [_line(swept, row) for row in swept.rows]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _line(swept: Swept, row: Row) -> dict[str, Any]:
    scores = {
        f"test/{name}{end}": score.get(key)
        for name, score in row.metrics.items()
        for end, key in (("", "value"), ("_lo", "lo"), ("_hi", "hi"))
    }
    return {
        "job": row.job.number,
        "state": row.state.state,
        **{key: row.job.values.get(key) for key in swept.sweep.keys},
        **{name: row.score if name == row.job.monitor else None for name in swept.monitors},
        "best_epoch": row.epoch,
        **scores,
        "seconds": row.state.seconds,
        "folder": row.folder.name,
        "report": _there(row, "report.html"),
        "problem": row.state.problem,
    }


def _there(row: Row, name: str) -> str:
    """A file of a job as a path from the sweep's folder, or nothing."""
    return f"{row.folder.name}/{name}" if name and (row.folder / name).is_file() else ""


def html(swept: Swept) -> str:
    """sweep.html: jobs that went wrong first, the choice, figures, every job."""
    drawn = figures(swept)
    best = set(map(id, swept.best.rows)) if swept.best else set()
    return template("sweep.html.j2").render(
        it=swept,
        name=swept.sweep.folder.name,
        experiment=swept.sweep.folder.parent.name,
        style=markup.style(),
        script=markup.script("sorting.js.j2"),
        said=list(sentences(swept)),
        again=typed(swept.sweep, swept.best.rows[0].job.typed) if swept.best else "",
        command=typed(swept.sweep, ["-m", *swept.sweep.typed]),
        figures=markup.drawings(drawn, SPOKEN.__getitem__),
        captions=CAPTIONS,
        left_out=_left_out(swept),
        main=swept.main,
        label=tables.LABELS,
        is_best=lambda row: id(row) in best,
        there=_there,
        value_said=value_said,
        output=OUTPUT,
    )


def typed(sweep: Sweep, words: Sequence[str]) -> str:
    """A command that trains as in a sweep: its best configuration again, or all of it."""
    return shlex.join(["python", "simple_train.py", *sweep.outside, *words])


def _left_out(swept: Swept) -> str:
    """What the figures do not show."""
    keys = len(swept.sweep.keys) - MOST
    parts = [f"{keys} more keys are in the table."] if keys > 0 else []
    parts += [f"Lines: the {LINES} best jobs."] if len(swept.rows) > LINES else []
    return " ".join(parts)
