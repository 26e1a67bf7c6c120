"""Which runs are one configuration, and which runs may stand beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, groupby

from tremor.errors import Refused
from tremor.evaluation import ordinal
from tremor.evaluation.multilabel_weighed import METRICS
from tremor.evaluation.runs import Run
from tremor.files import near


def key(run: Run) -> str:
    """What runs of one configuration share."""
    return repr((run.classes, sorted(run.settings.items())))


def families(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs that may be tested against each other: those of the same classes, fewer first.

    A control was judged on labels or records of its own: each is a family by itself.
    """

    def family(run: Run) -> tuple[int, tuple[str, ...], str]:
        return len(run.classes), run.classes, key(run) if run.control else ""

    ordered = sorted(runs, key=lambda run: (family(run), str(run.folder)))
    return [list(group) for _, group in groupby(ordered, key=family)]


def grouped(runs: Sequence[Run]) -> dict[str, list[int]]:
    """The places of each configuration's runs."""
    found: dict[str, list[int]] = {}
    for place, run in enumerate(runs):
        found.setdefault(key(run), []).append(place)
    return found


def refuse_unordered(runs: Sequence[Run], metric: str) -> None:
    """Metrics of ordered classes need such runs, those of several classes a record such ones."""
    several = [near(run.folder) for run in runs if run.several]
    if several and len(several) < len(runs):
        fault = "a record may have several classes in some runs, and has one in the others"
        raise Refused(fault, "; ".join(several[:5]), "compare runs of one kind at a time")
    if bool(several) != (metric in METRICS) and metric != "macro_f1":
        kind = "may have several classes" if metric in METRICS else "have one class each"
        fault = f"--metric {metric} is for runs whose records {kind}"
        others = METRICS if several else ("balanced_accuracy", "accuracy", "mcc")
        raise Refused(fault, near(runs[0].folder), f"--metric {others[0]} (or {others[1]}, …)")
    without = [near(run.folder) for run in runs if metric not in run.scores]
    if without:
        raise Refused(
            f"--metric {metric} needs three or more classes in order of time; "
            f"{len(without)} of {len(runs)} runs have none",
            "; ".join(without[:5]),
            f"leave these runs out, or choose another than {', '.join(ordinal.SCORES)}",
        )


def refuse_pooled(runs: Sequence[Run]) -> None:
    """A configuration has one run for each seed, fold and set of records, from one pretraining."""
    first: dict[tuple[object, ...], Run] = {}
    for run in runs:
        other = first.setdefault((key(run), run.place, run.judged), run)
        if other is not run:
            raise Refused(
                "one configuration would pool two pretrainings under one seed",
                "; ".join(f"{near(r.folder)} from {', '.join(r.sources)}" for r in (other, run)),
                "compare the runs of one pretraining at a time; pretrainings that only repeat "
                "each other each need a seed of their own in fine-tuning",
            )


def refuse_other_records(runs: Sequence[Run]) -> None:
    """Runs of one seed and fold judge the same records, and every two configurations share some."""
    faults = [_differ(a, b) for a, b in _strangers(runs)]
    if faults:
        more = f" (and {len(faults) - 5} more)" if len(faults) > 5 else ""
        raise Refused(
            f"{len(faults)} pairs of runs were judged on other test records",
            "; ".join(faults[:5]) + more,
            "name runs of the same data, split and seeds alone (a sweep, some folders), or add "
            "--allow-other-records",
        )


def _strangers(runs: Sequence[Run]) -> Iterator[tuple[Run, Run]]:
    for places in {run.place: None for run in runs}:
        first, *others = [run for run in runs if run.place == places]
        yield from ((first, run) for run in others if run.judged != first.judged)
    groups = [[runs[i] for i in places] for places in grouped(runs).values()]
    for a, b in combinations(groups, 2):
        alike = {run.judged for run in a} & {run.judged for run in b}
        if not alike and not {run.place for run in a} & {run.place for run in b}:
            yield a[0], b[0]


def _differ(a: Run, b: Run) -> str:
    count = len({r[0] for r in a.records ^ b.records})
    return f"{near(a.folder)} and {near(b.folder)}: {count} records differ"
