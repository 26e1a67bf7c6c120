"""What came of a sweep, in words: how its jobs ended, what validation chose, what that is worth."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from tremor.evaluation.swept import Best, Row, Swept, scores_of
from tremor.training.sweep_folder import DONE

FIXED = " dataset.split.seed=1 gives all jobs one split."


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
        mean, sd = statistics.fmean(scores_of(scored)), statistics.stdev(scores_of(scored))
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
    yield from _chosen_said(swept, best)


def _chosen_said(swept: Swept, best: Best) -> Iterator[str]:
    """What the choice is worth, and the test score of what was chosen."""
    if best.passed_over:
        it = "1 configuration has" if best.passed_over == 1 else f"{best.passed_over} have"
        yield f"{it} fewer finished jobs, and took no part in the choice: run what is lacking."
    yield (
        f"It is the best of {best.among} on validation records, so its validation number is "
        "flattered. What to tell of is its test score, which played no part in the choice; the "
        "largest test score of the table was picked after the fact, and is too good."
    )
    score = _test_score(swept.main, best.rows)
    if score:
        yield f"Test of the chosen configuration: {score}."
    if best.crossed:
        yield (
            "Its jobs deal the records anew: test records of one are validation records of "
            "another, so the choice has seen them, and this test score is somewhat flattered, too."
            + (FIXED if "dataset.fold" not in swept.sweep.keys else "")
        )


def _test_score(name: str | None, rows: Sequence[Row]) -> str:
    """The main test score of one configuration: its interval, or its spread over the jobs."""
    known = [row.metrics[name] for row in rows if name in row.metrics]
    values = [score["value"] for score in known if score.get("value") is not None]
    if name is None or not values:
        return ""
    said = f"{name.replace('_', ' ')} {number_said(statistics.fmean(values))}"
    if len(values) > 1:
        return f"{said} ± {statistics.stdev(values):.2g} (mean and SD of {len(values)} jobs)"
    low, high = known[0].get("lo"), known[0].get("hi")
    return f"{said} ({number_said(low)} to {number_said(high)})" if low is not None else said
