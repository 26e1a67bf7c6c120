"""At the end of a sweep: its table and its page, what went wrong, folds collected.

Nothing here loads torch until a sweep has ended.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tremor.doors.attempt import attempt
from tremor.errors import visible
from tremor.evaluation.swept import Row, Swept, summed_up
from tremor.evaluation.swept_words import sentences
from tremor.files import near
from tremor.training.sweep_folder import OUTPUT, Sweep

FOLD = "dataset.fold"


def conclude(sweep: Sweep) -> list[str]:
    """Write sweep.csv and sweep.html, tell of them; returns the states of jobs that ended badly."""
    found = summed_up(sweep)
    attempt("the sweep's page was not written", lambda: _page(found))
    if FOLD in sweep.keys:
        collect_folds(sweep.folder)
    for row in found.bad:
        print(visible(_told(row)), file=sys.stderr)
    return [row.state.state for row in found.bad]


def _page(found: Swept) -> None:
    from tremor.report.sweep import write

    page = write(found)
    print()
    for sentence in sentences(found):
        print(visible(f"• {sentence}"))
    print(f"report   {near(page)}")


def _told(row: Row) -> str:
    """A job that did not end well: why, its folder, its traceback."""
    lines = [f"\njob {row.job.number} {row.state.state}: {row.state.problem or 'it never ran'}"]
    lines += [f"  where     {row.state.where}"] if row.state.where else []
    lines += [f"  remedy    {row.state.remedy}"] if row.state.remedy else []
    lines += [f"  folder    {near(row.folder)}"]
    for name in (row.state.traceback, OUTPUT):
        path = row.folder / name
        lines += [f"  {path.stem:<9} {near(path)}"] if name and path.is_file() else []
    return "\n".join(lines)


def collect_folds(sweep: Path) -> None:
    """Write `<sweep>/folds/`; what keeps folds from being collected is said, and no error."""
    remedy = f"python scripts/folds.py {sweep}"
    attempt("the folds were not collected", lambda: _collect(sweep), remedy)


def _collect(sweep: Path) -> None:
    from tremor.doors.echo import console, say
    from tremor.evaluation.fold_sentences import sentences
    from tremor.evaluation.folds import collect
    from tremor.report.folds import write
    from tremor.report.folds_tables import terminal

    found = collect([sweep])
    write(found, sweep / "folds", replace=True)
    for one in found.made:
        say(f"\nfolds    {one.name}, seed {one.seed}: {len(one.runs)} folds pooled")
        for sentence in (*found.leaks, *sentences(one)):
            say(f"• {sentence}")
        console.print(terminal(one))
    say(f"report   {near(sweep / 'folds' / 'folds.html')}")
