"""Compare finished runs: which are one configuration, how good each is, which differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

from tremor.errors import Refused
from tremor.evaluation.comparable import (
    families,
    grouped,
    key,
    refuse_other_records,
    refuse_pooled,
    refuse_unordered,
)
from tremor.evaluation.compared import CLEAR, Comparison, Configuration, Pair, sign
from tremor.evaluation.controls import controls
from tremor.evaluation.curves import curves
from tremor.evaluation.found_runs import Found
from tremor.evaluation.multilabel_paired import DrawsOfSeveral, one_hot
from tremor.evaluation.multilabel_weighed import AREA
from tremor.evaluation.naming import names
from tremor.evaluation.notes import notes
from tremor.evaluation.paired import Draws, holm
from tremor.evaluation.runs import Run

FEWEST_DRAWS = 100
MOST_SWAPS = 100_000
BESIDE = ("within_one", "distance")
"""Metrics of ordered classes that stand beside any other."""


def compare(
    found: Found,
    *,
    metric: str | None = None,
    over: str | None = None,
    against: Path | None = None,
    allow_other_records: bool = False,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Comparison:
    """Group runs into configurations, score each, and test all pairs that can be paired.

    Runs of other classes than each other's are never paired, and controls with nothing. `over`
    names a numeric key to draw the metric against; a varying training share and number of classes
    are found by themselves. With a run `against` only its configuration is tested against the
    others, so that the correction is over fewer pairs. Without a `metric` it is the one that
    verdicts of these runs begin with: macro AUROC where a record may have several classes, else
    balanced accuracy.
    """
    if draws < FEWEST_DRAWS:
        raise Refused(f"{draws} draws tell nothing", "--draws", f"at least {FEWEST_DRAWS}")
    metric = metric or ("balanced_accuracy", "macro_auroc")[found.runs[0].several]
    refuse_unordered(found.runs, metric)
    refuse_pooled(found.runs)
    configurations: list[Configuration] = []
    pairs: list[Pair] = []
    title = dict(zip(*_titles(found.runs), strict=True))
    together = families(found.runs)
    alone = None if against is None else _key_of(against, found.runs)
    swaps = _swaps(sum(len(_wanted(list(grouped(runs)), alone)) for runs in together), draws)
    for runs in together:
        if not allow_other_records and not runs[0].control:
            refuse_other_records(runs)
        family = draws_of(runs, metric, draws, level, seed)
        scored, tested = _scored(runs, family, title, len(configurations), swaps, alone)
        configurations += scored
        pairs += tested
    return Comparison(
        *(metric, draws, swaps, level, seed, configurations, _corrected(pairs)),
        curves=curves(configurations, over),
        found=found,
        notes=list(notes(found, configurations, pairs, swaps)),
        reference=next((n for n, c in enumerate(configurations) if key(c.runs[0]) == alone), 0),
        ablation=alone is not None,
        controls=list(controls(configurations, metric)),
    )


def draws_of(runs: Sequence[Run], metric: str, draws: int, level: float, seed: int) -> Draws:
    """A metric of runs that are all asked the same, of one class a record or of several."""
    if metric == AREA:
        return DrawsOfSeveral([one_hot(run) for run in runs], metric, draws, level, seed)
    kind = DrawsOfSeveral if runs[0].several else Draws
    return kind(runs, metric, draws, level, seed)


def _key_of(place: Path, runs: Sequence[Run]) -> str:
    """The configuration of the runs at or below a folder."""
    whole = place.resolve()
    keys = {key(run) for run in runs if run.folder == whole or whole in run.folder.parents}
    if len(keys) == 1:
        return keys.pop()
    said = "several configurations are" if keys else "none of the runs is"
    raise Refused(
        f"{said} there", f"--against {place}", "--against one of the compared run folders"
    )


def _wanted(names: Sequence[str], alone: str | None) -> list[tuple[int, int]]:
    """The places of configurations that are tested against each other, or against one alone."""
    pairs = combinations(range(len(names)), 2)
    return [(a, b) for a, b in pairs if alone is None or alone in (names[a], names[b])]


def _swaps(pairs: int, draws: int) -> int:
    """Swaps for a small p: at the bound that `pairs` set for a clear one, 20 are as far off."""
    return max(draws, min(round(20 * pairs / CLEAR), MOST_SWAPS))


def _titles(runs: Sequence[Run]) -> tuple[list[str], list[str]]:
    """Every configuration's key and its short name; one alone has its experiment's."""
    one = {key(run): run for run in runs}
    told = names([run.naming | {"classes": list(run.classes)} for run in one.values()])
    return list(one), [_title(run, name) for run, name in zip(one.values(), told, strict=True)]


def _title(run: Run, name: str) -> str:
    control = f"control {run.control} {name}".strip()
    return control if run.control else name or str(run.config["experiment_name"])


def _scored(
    runs: Sequence[Run],
    family: Draws,
    title: dict[str, str],
    start: int,
    swaps: int,
    alone: str | None = None,
) -> tuple[list[Configuration], list[Pair]]:
    """The configurations of one family, best first and numbered from `start`, and their pairs."""
    places = grouped(runs)
    better = sign(family.metric)
    order = sorted(places, key=lambda name: -better * float(np.mean(family.values[places[name]])))
    known = [m for m in BESIDE if m != family.metric and all(m in run.scores for run in runs)]
    beside = {m: draws_of(runs, m, family.draws, family.level, family.seed) for m in known}
    made = [_configuration(title[name], runs, places[name], family, beside) for name in order]
    tested = [
        _pair(start + a, start + b, runs, places[order[a]], places[order[b]], family, swaps)
        for a, b in _wanted(order, alone)
    ]
    return made, tested


def _configuration(
    name: str, runs: Sequence[Run], places: Sequence[int], family: Draws, beside: dict[str, Draws]
) -> Configuration:
    chances = [_chance(runs[i], family.metric) for i in places]
    return Configuration(
        name=name,
        runs=tuple(runs[i] for i in places),
        values=tuple(float(family.values[i]) for i in places),
        mean=family.mean(places),
        chance=float(np.mean(chances)),
        events=len(family.events(places)),
        beside={metric: draws.mean(places) for metric, draws in beside.items()},
    )


def _chance(run: Run, metric: str) -> float:
    """What chance reaches by the run's verdict."""
    level = run.scores[metric].get("chance")
    if level is None:
        fault = f"the verdict of this run says no chance level of {metric}"
        raise Refused(fault, str(run.folder), "another --metric, or evaluate the run again")
    return float(level)


def _pair(
    first: int,
    second: int,
    runs: Sequence[Run],
    ours: list[int],
    theirs: list[int],
    family: Draws,
    swaps: int,
) -> Pair:
    """The test of two configurations on the sets of records that both judged.

    A p above `CLEAR` only grows by the correction: it is not worth more than the first swaps.
    """
    by_set = [_by_records(runs, places) for places in (ours, theirs)]
    shared = sorted(by_set[0].keys() & by_set[1].keys())
    if not shared:
        return Pair(first, second, 0, note="other test records: no paired test")
    a, b = ([sets[name] for name in shared] for sets in by_set)
    used = sum(map(len, (*a, *b)))
    difference, p = family.difference(a, b), family.swapped(a, b, family.draws)
    if p < CLEAR and swaps > family.draws:
        p = family.swapped(a, b, swaps)
    left = len(ours) + len(theirs) - used
    notes = [f"runs on other records left out: {left}"] if left else []
    notes += ["events alone: one seed each"] if used == 2 else []
    notes += [way] if (way := family.way(a, b)) else []
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
