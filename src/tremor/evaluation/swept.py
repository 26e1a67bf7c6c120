"""What a sweep came to: a row for each job, and the configuration that validation chooses."""

from __future__ import annotations

import csv
import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tremor.files import readable
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
    """The configuration that validation chooses: its mean score, and its finished jobs.

    It is the best of `among` configurations; `passed_over` more had fewer finished jobs, and the
    luckiest seeds of one cannot stand against all of another.
    """

    values: dict[str, str]
    score: float
    sd: float | None
    rows: list[Row]
    among: int
    passed_over: int = 0

    @property
    def crossed(self) -> bool:
        """Whether a test record of one of its jobs is a validation record of another.

        A seed deals the records anew, and so does a fold.
        """
        parts = [_parts(row.folder / "split.csv") for row in self.rows]
        return any(one["test"] & other["val"] for one in parts for other in parts)


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
    metrics = _scores(path) if judged else {}
    return Row(job, state, score, epoch, metrics, folder)


def _scores(path: Path) -> dict[str, Plain]:
    """The test scores of a job, each with its value and ends."""
    with readable(path, "evaluate this job again"):
        found: dict[str, Plain] = json.loads(path.read_text(encoding="utf-8"))["metrics"]
        for score in found.values():
            _ = [float(score[key]) for key in ("value", "lo", "hi") if score.get(key) is not None]
    return found


def score_of(folder: Path, job: Job) -> float | None:
    """The best value that a job's monitored number has reached."""
    return best_epoch(folder / "metrics.csv", job.monitor, job.mode)[0]


def best_epoch(path: Path, monitor: str, mode: str) -> tuple[float | None, int | None]:
    """The best value of a column of metrics.csv and its epoch; `None` where there is none."""
    if not path.is_file():
        return None, None
    with readable(path, "leave the job out, or train it again"), path.open(newline="") as file:
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
    most = max(map(len, groups.values()))
    whole = [its for its in groups.values() if len(its) == most]
    group = max(whole, key=lambda its: sign * statistics.fmean(scores_of(its)))
    scores, behind = scores_of(group), _pruned(rows) - set(groups)
    return Best(
        values=dict(group[0].configuration),
        score=statistics.fmean(scores),
        sd=statistics.stdev(scores) if len(scores) > 1 else None,
        rows=group,
        among=len(whole) + len(behind),
        passed_over=len(groups) - len(whole),
    ), ""


def _pruned(rows: Sequence[Row]) -> set[tuple[tuple[str, str], ...]]:
    """Configurations that ended early because they were behind: they were compared, too."""
    return {row.configuration for row in rows if row.state.state == PRUNED}


def _parts(path: Path) -> dict[str, set[str]]:
    """The records of each part of a run's split; of one that kept none they are not known."""
    found: dict[str, set[str]] = {"test": set(), "val": set()}
    if path.is_file():
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                found.setdefault(row["split"], set()).add(row["record_id"])
    return found


def scores_of(rows: Sequence[Row]) -> list[float]:
    """The validation numbers that are known."""
    return [row.score for row in rows if row.score is not None]
