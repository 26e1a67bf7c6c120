"""What a sweep came to: a row for each job, and the configuration that validation chooses."""

from __future__ import annotations

import csv
import json
import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tremor.training.sweep_folder import DONE, PRUNED, RUNNING, Job, State, Sweep

Plain = dict[str, Any]
REPEATS = ("seed", "dataset.fold")
"""Keys of which no value is better than another: over these the validation number is averaged."""
MAIN = ("balanced_accuracy", "macro_auroc", "macro_f1", "accuracy")


@dataclass(frozen=True)
class Row:
    """One job: what it varied, how it ended, its best validation number, its test scores."""

    job: Job
    state: State
    score: float | None
    epoch: int | None
    metrics: dict[str, Plain]
    folder: Path

    @property
    def configuration(self) -> tuple[tuple[str, str], ...]:
        """What it varied, without what only repeats a configuration."""
        return tuple((k, v) for k, v in self.job.values.items() if k not in REPEATS)

    @property
    def ended_well(self) -> bool:
        return self.state.state in (DONE, PRUNED, RUNNING)


@dataclass(frozen=True)
class Best:
    """The configuration that validation chooses: its mean score, and its finished jobs."""

    values: dict[str, str]
    score: float
    sd: float | None
    rows: list[Row]


@dataclass(frozen=True)
class Swept:
    """A sweep with the rows of its jobs; `best` where there was something to choose."""

    sweep: Sweep
    rows: list[Row]
    best: Best | None
    why_none: str

    @property
    def monitors(self) -> list[str]:
        """The validation numbers that chose the epochs, mostly one."""
        return list(dict.fromkeys(row.job.monitor for row in self.rows if row.job.monitor))

    @property
    def mode(self) -> str:
        return self.rows[0].job.mode if self.rows else "min"

    @property
    def bad(self) -> list[Row]:
        """The jobs that did not end well."""
        return [row for row in self.rows if not row.ended_well]

    @property
    def main(self) -> str | None:
        """The test score that a table has room for."""
        names = list(dict.fromkeys(name for row in self.rows for name in row.metrics))
        return next((name for name in MAIN if name in names), next(iter(names), None))

    def counts(self) -> dict[str, int]:
        """How many jobs are in each state."""
        states = [row.state.state for row in self.rows]
        return {state: states.count(state) for state in dict.fromkeys(states)}


def summed_up(sweep: Sweep) -> Swept:
    """Read the folders of a sweep's jobs."""
    states = sweep.states()
    rows = [_row(sweep, job, states[job.number]) for job in sweep.jobs]
    best, why = chosen(rows)
    return Swept(sweep, rows, best, why)


def _row(sweep: Sweep, job: Job, state: State) -> Row:
    folder = sweep.place(job)
    score, epoch = best_epoch(folder / "metrics.csv", job.monitor, job.mode)
    path = folder / "evaluation" / "metrics.json"
    judged = state.state == DONE and path.is_file()
    metrics = json.loads(path.read_text(encoding="utf-8"))["metrics"] if judged else {}
    return Row(job, state, score, epoch, metrics, folder)


def score_of(folder: Path, job: Job) -> float | None:
    """The best value that a job's monitored number has reached."""
    return best_epoch(folder / "metrics.csv", job.monitor, job.mode)[0]


def best_epoch(path: Path, monitor: str, mode: str) -> tuple[float | None, int | None]:
    """The best value of a column of metrics.csv and its epoch; `None` where there is none."""
    if not path.is_file():
        return None, None
    with path.open(newline="") as file:
        told = [(r.get(monitor), r.get("epoch")) for r in csv.DictReader(file)]
    known = [(float(value), int(epoch or 0)) for value, epoch in told if value]
    finite = [(value, epoch) for value, epoch in known if math.isfinite(value)]
    if not finite:
        return None, None
    return max(finite, key=lambda it: it[0] if mode == "max" else -it[0])


def chosen(rows: Sequence[Row]) -> tuple[Best | None, str]:
    """The best configuration among finished jobs, or why there is none to choose."""
    scored = [row for row in rows if row.state.state == DONE and row.score is not None]
    if not scored:
        return None, "no job has ended with a validation number"
    if len({(row.job.monitor, row.job.mode) for row in scored}) > 1:
        return None, "the jobs watch different validation numbers, which cannot be compared"
    groups: dict[tuple[tuple[str, str], ...], list[Row]] = {}
    for row in scored:
        groups.setdefault(row.configuration, []).append(row)
    if len({row.configuration for row in rows}) == 1:
        return None, "all jobs repeat one configuration: there is nothing to choose"
    sign = 1 if scored[0].job.mode == "max" else -1
    group = max(groups.values(), key=lambda its: sign * statistics.fmean(_scores(its)))
    scores = _scores(group)
    sd = statistics.stdev(scores) if len(scores) > 1 else None
    return Best(dict(group[0].configuration), statistics.fmean(scores), sd, group), ""


def _scores(rows: Sequence[Row]) -> list[float]:
    return [row.score for row in rows if row.score is not None]


def values_said(values: dict[str, str]) -> str:
    """`model=lstm optimizer.lr=0.001234`: what a job varies, drawn numbers in four digits."""
    return " ".join(f"{key}={value_said(value)}" for key, value in values.items())


def value_said(text: str) -> str:
    """A value as it was typed; a number of many digits, as a search draws them, in four."""
    try:
        return f"{float(text):.4g}" if len(text) > 8 else text
    except ValueError:
        return text


def _spread(swept: Swept) -> Iterator[str]:
    """Mean and spread where every job repeats one configuration."""
    scored = [row for row in swept.rows if row.state.state == DONE and row.score is not None]
    alike = len({(row.configuration, row.job.monitor) for row in scored}) == 1
    if alike and len(scored) > 1:
        mean, sd = statistics.fmean(_scores(scored)), statistics.stdev(_scores(scored))
        yield f"{scored[0].job.monitor}: {mean:.4g} ± {sd:.2g} (mean and SD of {len(scored)} jobs)."


def number_said(value: float | None) -> str:
    """Four significant digits, or a dash."""
    return "–" if value is None else f"{value:.4g}"


def sentences(swept: Swept) -> Iterator[str]:
    """What came of a sweep, in words."""
    counts = ", ".join(f"{count} {state}" for state, count in swept.counts().items())
    yield f"{len(swept.rows)} job{'s' * (len(swept.rows) != 1)}: {counts}."
    best = swept.best
    if best is None:
        yield f"No best configuration: {swept.why_none}."
        yield from _spread(swept)
        return
    values = values_said(best.values)
    row = best.rows[0]
    size = "smallest" if row.job.mode == "min" else "largest"
    mean = f"mean of {len(best.rows)} jobs, " if len(best.rows) > 1 else ""
    said = f"{row.job.monitor} {number_said(best.score)} ({mean}the {size})"
    yield f"Best by validation: {values}, {said}."
    if any(key.startswith("dataset.") or key == "dataset" for key in best.values):
        yield (
            "The jobs differ in their data: validation numbers of different records are not on "
            "one scale, and the choice may follow the data instead of the configuration."
        )
    configurations = len({row.configuration for row in swept.rows})
    yield (
        f"It is the best of {configurations} on validation records, so its validation number is "
        "flattered; its test score played no part in the choice and is its fair estimate. The "
        "largest test score of the table is not one: picked after the fact, it is too good."
    )
