"""index.html: every run below an outputs folder in one table, written anew as a whole."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

from tremor.errors import Refused
from tremor.files import write_whole
from tremor.report import markup, run_state
from tremor.report.listing import ORDER, Found, found
from tremor.report.templates import template

SCRIPT = "python scripts/report_index.py"


def write_index(outputs: Path) -> tuple[Path, Found]:
    """Write `index.html` into the folder; returns its path, and what it lists."""
    if not outputs.is_dir():
        raise Refused("there is no such folder", str(outputs), f"{SCRIPT} <outputs folder>")
    it = found(outputs)
    if not it.runs:
        fault = "there is no run in this folder"
        raise Refused(fault, str(outputs), "python simple_train.py makes one")
    counts = {state: it.count(state) for state in reversed(ORDER)}
    page = template("index.html.j2").render(
        it=it,
        style=markup.style(),
        script=markup.script("sorting.js.j2"),
        name=outputs.resolve().name,
        when=time.strftime("%Y-%m-%d %H:%M"),
        counts={state: count for state, count in counts.items() if count},
        again=f"{SCRIPT} {shlex.quote(str(outputs))}",
        silent=round(run_state.SILENT / 60),
    )
    return write_whole(outputs / "index.html", page), it
