"""After the last record: audit, comparison of classes, figures, summary, report."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from rich.progress import Progress

from tremor.config.build import Plain
from tremor.config.roots import ExplainRoot
from tremor.doors.auditing import Auditor, audit_of, spread
from tremor.doors.echo import console, say
from tremor.doors.ending import run_figures
from tremor.doors.evidence import evidence_of
from tremor.doors.explaining import Cases
from tremor.doors.opened import OpenedRun
from tremor.errors import Refused
from tremor.explain.audit.audit import Audit
from tremor.explain.compared import Difference, differences
from tremor.explain.explanation import Explanation
from tremor.explain.explanations import Explanations
from tremor.explain.groups.pointing import Pointing, pointing
from tremor.explain.methods import Case, Method
from tremor.files import near, write_json, write_whole
from tremor.report.explained import figures
from tremor.report.explained_words import comparisons, summary
from tremor.report.files import read_json
from tremor.report.page import write_page
from tremor.report.svg import save_pdf, save_png
from tremor.training import checkpoints

FEW = 50  # records that are audited without being asked for
AUDITED = "deletion_insertion"  # the figure of an audit


@dataclass(frozen=True)
class Finished:
    """Explanations of all records, and what they were made from."""

    found: Explanations
    cases: Cases
    method: Method
    run: OpenedRun
    folder: Path


def conclude(done: Finished, wanted: ExplainRoot) -> None:
    """Measure, compare, draw, write, say."""
    aim = _aim(done)
    before = _earlier(done.folder)
    audit = _audit(done, aim, wanted.audit, standing=bool(before))
    if audit:
        before = {}
    elif before:
        say("audit    that of the earlier call stands; audit=true makes it anew")
    tested = differences(done.found, done.cases.seed, wanted.match)
    told = summary(done.found, tested, audit, aim, wanted.match) | before
    drawn = list(_draw(done, tested, audit, aim, told["caption"])) if wanted.figures else []
    kept = [one for one in told["figures"] if one["name"] not in {d["name"] for d in drawn}]
    told["figures"] = [*drawn, *kept]
    write_json(done.folder / "summary.json", told)
    write_whole(done.folder / "records.csv", done.found.table.to_csv(index=False))
    if wanted.figures:
        report_anew(done.run)
    _tell(done, told)


def _earlier(folder: Path) -> Plain:
    """What an earlier audit of these explanations said, with the figure that shows it."""
    place = folder / "summary.json"
    if not place.exists():
        return {}
    told = read_json(place, "python explain.py again")
    if told["overall"] is None:
        return {}
    kept = {name: told[name] for name in ("overall", "caption", "audit", "audit_records")}
    return kept | {"figures": [one for one in told["figures"] if one["name"] == AUDITED]}


def _audit(
    done: Finished, aim: Pointing | None, wanted: bool | None, standing: bool
) -> Audit | None:
    """The audit, with a bar on a terminal: of all records, or of a few where none is asked for."""
    table = done.found.table
    if wanted is False or (wanted is None and standing):
        return None
    rows = list(range(len(table)))
    if wanted is None and len(rows) > FEW:
        rows = sorted(spread(table["group"].tolist(), table["label"].tolist(), FEW))
    say(f"audit    of {len(rows)} records")
    auditor = Auditor(done.method, _spend(done), done.found.meta.get("fill"))
    with Progress(console=console, transient=True, disable=not sys.stdout.isatty()) as progress:
        bar = progress.add_task("audit", total=len(rows))
        step = partial(progress.advance, bar)
        return audit_of(auditor, done.cases.case, done.found, rows, aim, step)


def _spend(done: Finished) -> Callable[[Method, Case], Explanation]:
    """Explain anew with what the explanation itself might take a record."""
    budget, pace = done.method.budget, done.folder / "pace.json"
    spent = None
    if budget is not None and budget.seconds is not None:
        spent = int(read_json(pace, "python explain.py again")["evaluations"])
    elif budget is not None and budget.evaluations is not None:
        spent = budget.evaluations
    elif budget is not None:
        spent = int(done.found.table["evaluations"].median())
    return lambda method, case: method(
        case, None if spent is None else max(spent, method.least(case))
    )


def _aim(done: Finished) -> Pointing | None:
    """The pointing score, where the records are made up and the evidence is known."""
    table, axes = done.found.table, done.found.axes
    names = table["record_id"].tolist()
    run = done.run
    asked = [done.found.meta["target"]] * len(names) if run.data.labelled.multi else None
    known = evidence_of(run.config, run.data.records, names, axes, asked)
    whole = done.found.resolution()
    if known is None or all(
        whole.get(axis.name, 0.0) >= 0.99 * len(axis.values) * abs(axis.step)
        for axis in axes
        if axis.step is not None
    ):
        return None
    try:
        return pointing(done.found.values, known, table["group"].to_numpy())
    except Refused as reason:
        say(f"pointing not scored: {reason.problem}")
        return None


def _draw(
    done: Finished,
    tested: list[Difference],
    audit: Audit | None,
    aim: Pointing | None,
    caption: str,
) -> Iterator[dict[str, str]]:
    """Each figure as PNG and PDF; their names and captions."""
    waveform = _Waveforms(done.run) if len(done.found.axes) > 2 else None
    for name, words, figure in figures(done.found, tested, audit, aim, caption, waveform):
        _save(figure, done.folder / name)
        yield {"name": name, "caption": words}


def _save(figure: Figure, place: Path) -> None:
    save_png(figure, place.with_name(f"{place.name}.png"))
    save_pdf(figure, place.with_name(f"{place.name}.pdf"))


class _Waveforms:
    """The waveform `(component, sample)` of a record by its name, and its seconds."""

    def __init__(self, run: OpenedRun):
        self.records, self.length = run.data.records, run.data.module.length
        self.rows = pd.Series(range(len(self.records)), self.records.table["record_id"])

    def __call__(self, name: str) -> tuple[Any, Any]:
        rows = np.array([self.rows[name]])
        seconds = np.arange(self.length) / self.records.sampling_rate
        return self.records.gather(rows, self.length)[0], seconds


def report_anew(run: OpenedRun) -> None:
    """Bring the run's page up to date, where what was done is of the run's own data."""
    place = checkpoints.run_of(run.checkpoint)
    if any(key.startswith(("dataset.", "loader.")) for key in run.changed):
        return
    judged = None if place is None else place / "evaluation" / "metrics.json"
    if place is None or judged is None or not judged.exists():
        return
    verdict = read_json(judged, "python evaluate.py checkpoint=<run>")
    write_page(place, run_figures(place, run.config, run.data, dict(verdict)))


def _tell(done: Finished, told: Plain) -> None:
    """What came out, in words, and where it is."""
    say("")
    for check in told["audit"] or []:
        say(f"{check['verdict']:<8} {check['check']}: {check['words']}")
    for note in told["notes"]:
        say(f"note     {note}")
    for test in comparisons(told["differences"]):
        say(f"test     {test}")
    if told["pointing"]:
        score, null = (told["pointing"]["absolute"][k] for k in ("score", "rolled"))
        say(f"pointing {_interval(score)}; by chance {_interval(null)}")
    size = ", ".join(f"{v:.3g} {told['units'][n]}" for n, v in told["resolution"].items())
    say(f"resolved {size or 'components'}")
    say(f"\nwritten  {near(done.folder)}")
    if place := checkpoints.run_of(done.run.checkpoint):
        say(f"report   {near(place / 'report.html')}")


def _interval(numbers: list[float | None]) -> str:
    value, low, high = numbers
    return f"{value:.3f}" if low is None else f"{value:.3f} ({low:.3f} to {high:.3f})"
