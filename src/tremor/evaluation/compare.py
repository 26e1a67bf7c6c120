"""Compare finished runs: which are one configuration, how good each is, which differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations, groupby
from pathlib import Path

import numpy as np

from tremor.errors import Refused
from tremor.evaluation.bootstrap import FEWEST
from tremor.evaluation.compared import Comparison, Configuration, Pair
from tremor.evaluation.curves import curves
from tremor.evaluation.naming import names, unnamed
from tremor.evaluation.paired import Draws, holm
from tremor.evaluation.runs import Found, Run

FEWEST_DRAWS = 100


def compare(
    found: Found,
    *,
    metric: str = "balanced_accuracy",
    over: str | None = None,
    allow_other_records: bool = False,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Group runs into configurations, score each, and test all pairs that can be paired.

    Runs of other classes than each other's are never paired. `over` names a numeric key to draw
    the metric against; a varying training share and number of classes are found by themselves.
    """
    if draws < FEWEST_DRAWS:
        raise Refused(f"{draws} draws tell nothing", "--draws", f"at least {FEWEST_DRAWS}")
    configurations: list[Configuration] = []
    pairs: list[Pair] = []
    title = dict(zip(*_titles(found.runs), strict=True))
    for runs in _families(found.runs):
        if not allow_other_records:
            _refuse_other_records(runs)
        family = Draws(runs, metric, draws, level, seed)
        scored, tested = _scored(runs, family, title, len(configurations))
        configurations += scored
        pairs += tested
    return Comparison(
        *(metric, draws, level, seed, configurations, _corrected(pairs)),
        curves=curves(configurations, over),
        found=found,
        notes=list(_notes(found, configurations, pairs)),
    )


def _families(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs by their classes: fewer classes first."""
    ordered = sorted(runs, key=lambda run: (len(run.classes), run.classes, str(run.folder)))
    return [list(group) for _, group in groupby(ordered, key=lambda run: run.classes)]


def _key(run: Run) -> str:
    return repr((run.classes, sorted(run.settings.items())))


def _grouped(runs: Sequence[Run]) -> dict[str, list[int]]:
    """The places of each configuration's runs."""
    found: dict[str, list[int]] = {}
    for place, run in enumerate(runs):
        found.setdefault(_key(run), []).append(place)
    return found


def _titles(runs: Sequence[Run]) -> tuple[list[str], list[str]]:
    """Every configuration's key and its short name; one alone has its experiment's."""
    one = {_key(run): run for run in runs}
    told = names([run.settings | {"classes": list(run.classes)} for run in one.values()])
    experiments = [str(run.config["experiment_name"]) for run in one.values()]
    return list(one), [name or own for name, own in zip(told, experiments, strict=True)]


def _scored(
    runs: Sequence[Run], family: Draws, title: dict[str, str], start: int
) -> tuple[list[Configuration], list[Pair]]:
    """The configurations of one family, best first and numbered from `start`, and their pairs."""
    places = _grouped(runs)
    order = sorted(places, key=lambda key: -float(np.mean(family.values[places[key]])))
    made = [_configuration(title[key], runs, places[key], family) for key in order]
    tested = [
        _pair(start + a, start + b, runs, places[order[a]], places[order[b]], family)
        for a, b in combinations(range(len(order)), 2)
    ]
    return made, tested


def _configuration(
    name: str, runs: Sequence[Run], places: Sequence[int], family: Draws
) -> Configuration:
    chances = [runs[i].verdict["metrics"][family.metric]["chance"] for i in places]
    return Configuration(
        name=name,
        runs=tuple(runs[i] for i in places),
        values=tuple(float(family.values[i]) for i in places),
        mean=family.mean(places),
        chance=float(np.mean(chances)),
        events=len(family.events(places)),
    )


def _pair(
    first: int, second: int, runs: Sequence[Run], ours: list[int], theirs: list[int], family: Draws
) -> Pair:
    """The test of two configurations on the sets of records that both judged."""
    by_set = [_by_records(runs, places) for places in (ours, theirs)]
    shared = sorted(by_set[0].keys() & by_set[1].keys())
    if not shared:
        return Pair(first, second, 0, note="other test records: no paired test")
    a, b = ([sets[name] for name in shared] for sets in by_set)
    used = sum(map(len, (*a, *b)))
    difference, p = family.difference(a, b), family.swapped(a, b)
    left = len(ours) + len(theirs) - used
    notes = [f"runs on other records left out: {left}"] if left else []
    notes += ["events alone: one seed each"] if used == 2 else []
    return Pair(first, second, used, difference, p, note="; ".join(notes))


def _by_records(runs: Sequence[Run], places: Iterable[int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place in places:
        found.setdefault(runs[place].judged, []).append(place)
    return found


def _corrected(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs with p values corrected over all of them that were tested."""
    corrected = iter(holm([pair.p for pair in pairs if pair.p is not None]))
    return [
        Pair(**{**vars(pair), "p_holm": next(corrected)}) if pair.p is not None else pair
        for pair in pairs
    ]


def _refuse_other_records(runs: Sequence[Run]) -> None:
    """Runs of one seed and fold judge the same records, and every two configurations share some."""
    faults = [_differ(a, b) for a, b in _strangers(runs)]
    if faults:
        more = f" (and {len(faults) - 5} more)" if len(faults) > 5 else ""
        raise Refused(
            f"{len(faults)} pairs of runs were judged on other test records",
            "; ".join(faults[:5]) + more,
            "compare runs of the same data, split and seeds, or --allow-other-records",
        )


def _strangers(runs: Sequence[Run]) -> Iterator[tuple[Run, Run]]:
    for places in {run.place: None for run in runs}:
        first, *others = [run for run in runs if run.place == places]
        yield from ((first, run) for run in others if run.judged != first.judged)
    groups = [[runs[i] for i in places] for places in _grouped(runs).values()]
    for a, b in combinations(groups, 2):
        alike = {run.judged for run in a} & {run.judged for run in b}
        if not alike and not {run.place for run in a} & {run.place for run in b}:
            yield a[0], b[0]


def _differ(a: Run, b: Run) -> str:
    count = len({r[0] for r in a.records ^ b.records})
    return f"{_near(a.folder)} and {_near(b.folder)}: {count} records differ"


def _near(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _notes(
    found: Found, configurations: Sequence[Configuration], pairs: Sequence[Pair]
) -> Iterator[str]:
    """What a reader must know beside the numbers."""
    yield from _left_out(found)
    alone = [c.name for c in configurations if len(c.runs) == 1]
    if alone:
        yield f"One seed only, so the interval is over events alone: {'; '.join(alone)}."
    silent = unnamed([c.settings for c in configurations])
    if silent:
        yield f"Names give the fewest keys that tell all apart; others differ: {', '.join(silent)}."
    few = [c.name for c in configurations if c.mean.lo is None]
    if few:
        yield f"Fewer than {FEWEST} events, so no interval: {'; '.join(few)}."
    strangers = sum(pair.difference is None for pair in pairs)
    if strangers:
        yield f"Judged on other test records, so not tested against each other: {strangers} pairs."
    if len({c.classes for c in configurations}) > 1:
        yield "Configurations with other classes are not tested against each other."


def _left_out(found: Found) -> Iterator[str]:
    reasons = {
        "not finished (no verdict)": found.unfinished,
        "without classes (pretraining)": found.unlabelled,
        "repeated by a later run of the same seed": found.repeated,
    }
    for why, folders in reasons.items():
        if folders:
            yield f"Left out, {why}: {len(folders)} ({', '.join(map(_near, folders))})."
