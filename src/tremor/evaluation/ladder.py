"""One configuration under splits of growing difficulty: how much of its score is the split's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby

import pandas as pd

from tremor.config.resolve import select
from tremor.config.rules_split import FOLDED
from tremor.errors import Refused
from tremor.evaluation.comparable import refuse_unordered
from tremor.evaluation.compare import draws_of
from tremor.evaluation.compared import CHANCE, Configuration, sign
from tremor.evaluation.found_runs import Found
from tremor.evaluation.naming import tell_apart
from tremor.evaluation.paired import Draws, Score
from tremor.evaluation.run_split import split_table
from tremor.evaluation.rungs import FAIR, RUNGS, Rung
from tremor.evaluation.runs import Plain, Run
from tremor.files import near

SPLIT = (
    *("event_split_method", "fold", "n_folds", "allow_leak", "purge_hours"),
    *("audit.allow_leak", "split._target_"),
    *(f"split.{key}" for key in ("fold", "n_folds", "purge_hours", "seed", "train_frac")),
)
"""Keys of `dataset` by which the rungs of one ladder may differ."""


@dataclass(frozen=True)
class Step:
    """A rung with what was reached on it: over seeds, each of which judges all folds together.

    `above` is how much more it is than with whole events apart, on the same draws of events;
    `trained` is the mean number of training events of a run.
    """

    rung: Rung
    reached: Configuration
    records: int
    trained: float
    above: Score | None


@dataclass(frozen=True)
class Ladder:
    """The rungs that were climbed, easiest first, and what is to be known of the others."""

    metric: str
    draws: int
    level: float
    seed: int
    title: str
    steps: list[Step]
    notes: list[str]

    @property
    def sign(self) -> int:
        """1 where more is better, -1 where less is."""
        return sign(self.metric)

    def step(self, method: str) -> Step | None:
        """One of the rungs, if it was climbed."""
        return next((step for step in self.steps if step.rung.method == method), None)

    def plain(self) -> Plain:
        """The ladder as plain values for a JSON file."""
        own = {k: getattr(self, k) for k in ("title", "metric", "draws", "level", "seed", "notes")}
        return own | {"chance_source": CHANCE[self.metric], "rungs": list(map(_plain, self.steps))}


def ladder(
    found: Found,
    *,
    metric: str | None = None,
    draws: int = 2000,
    level: float = 0.95,
    seed: int = 0,
    notes: Sequence[str] = (),
) -> Ladder:
    """Score each rung that there are runs of; the folds of one seed are judged together.

    The runs must be of one configuration. Folds that are missing leave their rung's seed out.
    """
    runs = [run for run in found.runs if _method(run) in RUNGS and not run.control]
    if not runs:
        wanted = ", ".join(RUNGS)
        remedy = f"runs with dataset.event_split_method one of {wanted}"
        raise Refused(f"none of {len(found.runs)} runs is a rung of the ladder", "runs", remedy)
    _refuse_several(runs)
    metric = metric or ("balanced_accuracy", "macro_auroc")[runs[0].several]
    refuse_unordered(runs, metric)
    whole, gaps = _pooled(runs)
    if not whole:
        raise Refused("; ".join(gaps), "runs", "run the missing folds")
    family = draws_of([one.run for one in whole], metric, draws, level, seed)
    places: dict[str, list[int]] = {}
    for place, one in enumerate(whole):
        places.setdefault(_method(one.run), []).append(place)
    climbed = (name for name in RUNGS if name in places)
    steps = [_step(name, places[name], places.get(FAIR), whole, family) for name in climbed]
    title = str(runs[0].config["experiment_name"])
    left = [f"Left out, not finished: {near(folder)}." for folder in found.unfinished]
    return Ladder(metric, draws, level, seed, title, steps, [*notes, *gaps, *left])


@dataclass(frozen=True)
class _Pool:
    """The folds of one rung and seed as one run, and how many events they were trained on."""

    run: Run
    trained: float


def _step(
    method: str, own: list[int], fair: list[int] | None, whole: Sequence[_Pool], family: Draws
) -> Step:
    """One rung: what its runs reach, and by how much more than those of the fair split."""
    above = family.difference([own], [fair]) if fair and method != FAIR else None
    pools = [whole[i] for i in own]
    reached = Configuration(
        name=RUNGS[method].name,
        runs=tuple(pool.run for pool in pools),
        values=tuple(float(family.values[i]) for i in own),
        mean=family.mean(own),
        chance=_mean([pool.run.scores[family.metric]["chance"] for pool in pools]),
        events=len(family.events(own)),
    )
    records = {name for pool in pools for name in pool.run.predictions["record_id"]}
    return Step(RUNGS[method], reached, len(records), _mean([p.trained for p in pools]), above)


def _pooled(runs: Sequence[Run]) -> tuple[list[_Pool], list[str]]:
    """One run for each rung and seed, with the predictions of all its folds; what is missing."""

    def whose(run: Run) -> tuple[int, int]:
        return list(RUNGS).index(_method(run)), run.seed

    made, gaps = [], []
    for _, members in groupby(sorted(runs, key=whose), key=whose):
        folds = sorted(members, key=lambda run: run.place[1] or 0)
        gone = _missing(folds)
        if gone:
            rung = RUNGS[_method(folds[0])].name
            said = ", ".join(map(str, gone))
            gaps.append(f"Left out, {rung} of seed {folds[0].seed}: folds {said} are missing.")
            continue
        _refuse_twice(folds)
        said_all = pd.concat([run.predictions for run in folds], ignore_index=True)
        whole = replace(folds[0], predictions=said_all)
        made.append(_Pool(whole, _mean([_trained(run) for run in folds])))
    return made, gaps


def _missing(folds: Sequence[Run]) -> list[int]:
    """The folds of a rung and seed that there are no runs of."""
    if _method(folds[0]) not in FOLDED:
        return []
    wanted = int(select(folds[0].config, "dataset.n_folds"))
    return sorted(set(range(wanted)) - {int(run.place[1]) for run in folds})


def _refuse_twice(folds: Sequence[Run]) -> None:
    """One run for each fold, and for a rung without folds one for each seed."""
    if len({run.place[1] for run in folds}) < len(folds):
        said = "; ".join(near(run.folder) for run in folds[:5])
        raise Refused(
            "one rung was climbed twice with one seed", said, "give the runs of one ladder"
        )


def _refuse_several(runs: Sequence[Run]) -> None:
    """All runs are of one configuration but for the split."""
    keys = {f"dataset.{key}" for key in SPLIT}
    rest = [{k: v for k, v in run.naming.items() if k not in keys} for run in runs]
    for run, each in zip(runs, rest, strict=True):
        each["dataset.train_frac"] = select(run.config, "dataset.train_frac")
    if differ := tell_apart(rest):
        raise Refused(
            f"the runs differ in more than their split: {', '.join(differ[:5])}",
            "; ".join(near(run.folder) for run in runs[:5]),
            "climb one ladder for each configuration",
        )


def _trained(run: Run) -> float:
    """How many events a run was trained on; not a number where it kept no split.csv."""
    split = split_table(run)
    if split is None:
        return float("nan")
    return float(split.loc[split["split"] == "train", "group"].nunique())


def _method(run: Run) -> str:
    """The split of a run by its plain name."""
    said = str(select(run.config, "dataset.event_split_method"))
    return FAIR if said == "stratified" else said


def _mean(values: Sequence[float]) -> float:
    return float(sum(values) / len(values))


def _plain(step: Step) -> Plain:
    c = step.reached
    facts = {"method": step.rung.method, "name": step.rung.name, "asks": step.rung.asks}
    score = {"value": c.mean.value, "lo": c.mean.lo, "hi": c.mean.hi, "chance": c.chance}
    spread = {"sd": c.sd, "interval_over": c.spread, "seeds": [run.seed for run in c.runs]}
    counts = {"records": step.records, "events": c.events, "training_events": step.trained}
    above = None if step.above is None else asdict(step.above)
    runs = [str(run.folder) for run in c.runs]
    return facts | score | spread | counts | {"above_whole_events": above, "runs": runs}
