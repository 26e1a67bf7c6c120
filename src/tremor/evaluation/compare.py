"""Compare finished runs: which are one configuration, how good each is, which differ.

The interval of a configuration's mean comes from a hierarchical bootstrap: runs (seeds) are drawn
with replacement, then whole events within their class, with one draw of events for all runs. Of R
runs R - 1 are drawn, so that the spread of their mean is not too small, and the quantiles are
widened by a t quantile whose degrees of freedom weigh runs and events by the spread that each adds
(Welch and Satterthwaite). Differences are drawn in pairs: the same test records and the same events
on both sides. The p value swaps the two configurations' predictions event by event: it speaks of
these trained networks on other events, and where seeds matter it is small too often to speak of the
configurations; the interval counts the seeds as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import combinations, groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from scipy import stats

from tremor.config.resolve import leaves, select
from tremor.data.files import digest
from tremor.errors import Refused
from tremor.evaluation import metrics
from tremor.evaluation.bootstrap import FEWEST, draw_groups, interval
from tremor.evaluation.chance import p_value
from tremor.evaluation.metrics import Floats, Index
from tremor.training.checkpoints import NAMES

Plain = dict[str, Any]
CHANCE = {
    "balanced_accuracy": "1 / classes",
    "accuracy": "share of the most frequent class",
    "macro_f1": "mean under permuted labels",
    "mcc": "no correlation",
}
"""The metrics that can be compared, and where the chance level of each comes from."""

TRAIN_SHARE, CLASS_COUNT = "dataset.train_frac", "dataset.num_classes"
FEWEST_DRAWS = 100
IDLE_TRAINER = (
    "accelerator enable_progress_bar enable_model_summary log_every_n_steps profiler "
    "enable_autolog_hparams model_registry"
)
IDLE = (
    *("seed", "experiment_name", "output_dir", "cache_dir", "resume"),
    *("logger", "evaluation", "report", "callbacks.progress"),
    *("dataset.fold", "dataset.split.fold", "loader.num_workers", "loader.pin_memory"),
    *(f"trainer.{key}" for key in IDLE_TRAINER.split()),
)
"""Keys that do not make another configuration; neither does any key named seed."""

FIRST = (CLASS_COUNT, TRAIN_SHARE, "encoder._target_", "model._target_", "model.pretrained")
"""Keys that name a configuration before all others do."""


@dataclass(frozen=True)
class Run:
    """A finished run: its folder, configuration, verdict and predictions."""

    folder: Path
    config: Plain
    verdict: Plain
    predictions: pd.DataFrame

    @classmethod
    def read(cls, folder: Path) -> Run:
        """Read a run folder; a file that cannot be understood is refused by its name."""
        place = folder / "config.yaml"
        try:
            config = yaml.safe_load(place.read_text(encoding="utf-8"))
            place = folder / "evaluation" / "metrics.json"
            verdict = json.loads(place.read_text(encoding="utf-8"))
            place = folder / "evaluation" / "predictions.csv"
            predictions = pd.read_csv(place, dtype={"record_id": str, "group": str})
        except (ValueError, OSError, yaml.YAMLError) as error:
            remedy = "evaluate the run again, or leave it out"
            raise Refused(f"a file of a run cannot be read: {error}", str(place), remedy) from error
        return cls(folder, config, verdict, predictions)

    @property
    def labelled(self) -> bool:
        """Whether classes were predicted; pretraining has none."""
        return "confusion" in self.verdict

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.verdict["classes"])

    @property
    def seed(self) -> int:
        return int(self.config["seed"])

    @property
    def place(self) -> tuple[int, Any]:
        """Seed and fold: runs that share it must judge the same records."""
        return self.seed, select(self.config, "dataset.fold")

    @cached_property
    def settings(self) -> Plain:
        """What makes the configuration: every leaf of the config but those that do not count."""
        kept = ((key, value) for key, value in leaves(self.config) if not _idle(key))
        return {key: _stem(v) if _leaf(key) == "pretrained" else v for key, v in kept}

    @cached_property
    def records(self) -> frozenset[tuple[str, str, int]]:
        """What was judged: record, event and label."""
        table = self.predictions
        return frozenset(zip(table["record_id"], table["group"], table["label"], strict=True))

    @cached_property
    def judged(self) -> str:
        """A short name of the judged records."""
        return digest(*map(repr, sorted(self.records)))

    @property
    def repeats(self) -> tuple[str, ...]:
        """What two runs share if one only repeats the other."""
        sources = [v for key, v in leaves(self.config) if _leaf(key) == "pretrained"]
        return repr(self.settings), repr(self.place), self.judged, repr(sources)


def _leaf(key: str) -> str:
    return key.rpartition(".")[2]


def _idle(key: str) -> bool:
    return _leaf(key) == "seed" or any(key == k or key.startswith(f"{k}.") for k in IDLE)


def _stem(path: Any) -> Any:
    """A path of pretrained weights without what only tells the run: numbers, times, file names."""
    if path is None:
        return None
    parts = [p for p in Path(str(path)).parts if p not in (*NAMES, "checkpoints")]
    worded = [re.sub(r"\d+", "", part).strip("-_:./\\ ") for part in parts]
    return next((word for word in reversed(worded) if word), "weights")


@dataclass(frozen=True)
class Found:
    """What lies below some folders: runs to compare, and runs that cannot take part, by why."""

    runs: list[Run]
    unfinished: list[Path]
    unlabelled: list[Path]
    repeated: list[Path]


def find(places: Sequence[Path]) -> Found:
    """Every run below some folders; of repeats of one run the last in order of names counts."""
    folders = sorted({folder.resolve() for place in places for folder in _run_folders(place)})
    ready = [f for f in folders if all((f / name).is_file() for name in FINISHED)]
    read = [Run.read(folder) for folder in ready]
    labelled = [run for run in read if run.labelled]
    last = {run.repeats: run for run in labelled}.values()
    kept = [run for run in labelled if any(run is other for other in last)]
    found = Found(
        runs=kept,
        unfinished=[f for f in folders if f not in ready],
        unlabelled=[run.folder for run in read if not run.labelled],
        repeated=[r.folder for r in labelled if not any(r is other for other in kept)],
    )
    if not kept:
        why = f"{len(found.unfinished)} unfinished, {len(found.unlabelled)} without classes"
        remedy = "give run folders of simple_train.py, or a folder above them"
        raise Refused(f"no finished run to compare ({why})", ", ".join(map(str, places)), remedy)
    return found


FINISHED = ("config.yaml", "evaluation/predictions.csv", "evaluation/metrics.json")


def _run_folders(place: Path) -> Iterator[Path]:
    if not place.is_dir():
        raise Refused("no such folder", str(place), "give run folders, or a folder above them")
    yield from (path.parent for path in place.rglob("checkpoints") if path.is_dir())
    predictions = place.rglob("evaluation/predictions.csv")
    yield from (p.parents[1] for p in predictions if (p.parents[1] / "config.yaml").exists())


def tell_apart(settings: Sequence[Plain]) -> list[str]:
    """The fewest keys, plainest first, whose values tell all these settings apart."""
    chosen: list[str] = []
    groups = 1
    for key in _by_plainness(settings):
        tried = [*chosen, key]
        parts = len({tuple(repr(each.get(k, ...)) for k in tried) for each in settings})
        if parts > groups:
            chosen, groups = tried, parts
    return chosen


def _by_plainness(settings: Sequence[Plain]) -> list[str]:
    keys = list(dict.fromkeys(key for each in settings for key in each))
    rank = {key: place for place, key in enumerate(keys)}
    return sorted(keys, key=lambda key: (*_plainness(key), rank[key]))


def differing(settings: Sequence[Plain]) -> dict[str, list[str]]:
    """Every key that differs, with its texts; one that only follows another of its name is left."""
    found: dict[str, list[str]] = {}
    for key in _by_plainness(settings):
        texts = _texts(key, [each.get(key, ...) for each in settings])
        followed = any(_leaf(k) == _leaf(key) and texts == column for k, column in found.items())
        if len(set(texts)) > 1 and not followed:
            found[key] = texts
    return found


def unnamed(settings: Sequence[Plain]) -> list[str]:
    """Keys that all settings have and that differ, but are not in the names."""
    told = {_leaf(key) for key in tell_apart(settings) if _leaf(key) != "_target_"}
    named = set(tell_apart(settings))
    rest = {key: texts for key, texts in differing(settings).items() if "" not in texts}
    return [key for key in rest if key not in named and _leaf(key) not in told]


def _plainness(key: str) -> tuple[int, int, bool]:
    first = FIRST.index(key) if key in FIRST else len(FIRST)
    return first, key.count("."), _leaf(key) != "_target_"


def names(settings: Sequence[Plain]) -> list[str]:
    """Each of some settings as a short `key=value key=value`; empty where there is one alone."""
    keys = tell_apart(settings)
    columns = {key: _texts(key, [each.get(key, ...) for each in settings]) for key in keys}
    found = []
    for place in range(len(settings)):
        said = {key: column[place] for key, column in columns.items()}
        words = [f"{k.removesuffix('._target_')}={text}" for k, text in said.items() if text]
        found.append(" ".join(words) or " ".join(f"no {key}" for key in keys))
    return found


def _texts(key: str, values: Sequence[Any]) -> list[str]:
    """A key's values as one would type them; classes by their last name, absence as nothing."""
    texts = ["" if value is ... else _text(value) for value in values]
    short = {text: text for text in texts}
    if _leaf(key) == "_target_":
        short = {text: text.rpartition(".")[2] for text in texts}
    elif _leaf(key) == "pretrained":
        short = {text: text if text in ("", "null") else "set" for text in texts}
    return [short[t] for t in texts] if len({*short.values()}) == len(short) else texts


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_text, value))}]"
    words = {None: "null", True: "true", False: "false"}
    return words[value] if value is None or isinstance(value, bool) else str(value)


@dataclass(frozen=True)
class Score:
    """A value with its interval; `None` where there are too few events, or nothing to draw."""

    value: float
    lo: float | None = None
    hi: float | None = None

    @property
    def ends(self) -> list[float]:
        """The interval's ends, or nothing."""
        return [] if self.lo is None or self.hi is None else [self.lo, self.hi]


@dataclass(frozen=True)
class Configuration:
    """Runs that differ in seed, fold and place alone, and how good they are."""

    name: str
    runs: tuple[Run, ...]
    values: tuple[float, ...]
    mean: Score
    chance: float
    events: int

    @property
    def settings(self) -> Plain:
        return self.runs[0].settings

    @property
    def classes(self) -> tuple[str, ...]:
        return self.runs[0].classes

    @property
    def sd(self) -> float | None:
        """Standard deviation over the runs; `None` for one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else None

    @property
    def spread(self) -> str:
        """What the interval counts as chance."""
        if self.mean.lo is None:
            return f"no interval: fewer than {FEWEST} events"
        return "seeds and events" if len(self.runs) > 1 else "events alone: one seed"

    @property
    def experiments(self) -> list[str]:
        return list(dict.fromkeys(str(run.config["experiment_name"]) for run in self.runs))

    def shares(self) -> Floats:
        """The confusion matrix as shares of each true class, averaged over the runs."""
        counts = np.array([run.verdict["confusion"] for run in self.runs], float)
        totals = counts.sum(-1, keepdims=True)
        shares = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
        return metrics.mean_known(np.moveaxis(shares, 0, -1))


@dataclass(frozen=True)
class Pair:
    """The first configuration's metric minus the second's, on what both judged."""

    first: int
    second: int
    runs: int
    difference: Score | None = None
    p: float | None = None
    p_holm: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Line:
    """A curve: `(x, number of the configuration)` in order of x."""

    name: str
    points: list[tuple[float, int]]


@dataclass(frozen=True)
class Comparison:
    """All that a comparison found; pairs and lines name configurations by their number."""

    metric: str
    draws: int
    level: float
    seed: int
    configurations: list[Configuration]
    pairs: list[Pair]
    curves: dict[str, list[Line]]
    found: Found
    notes: list[str] = field(default_factory=list)

    @property
    def chance_source(self) -> str:
        return CHANCE[self.metric]

    def plain(self) -> Plain:
        """The comparison as plain values for a JSON file."""
        own = {name: getattr(self, name) for name in ("metric", "draws", "level", "seed")}
        curves = {key: [asdict(line) for line in lines] for key, lines in self.curves.items()}
        return own | {
            "chance_source": self.chance_source,
            "configurations": [_plain(c) for c in self.configurations],
            "pairs": [asdict(pair) for pair in self.pairs],
            "curves": curves,
            "notes": self.notes,
        }


def _plain(c: Configuration) -> Plain:
    runs = [
        {"folder": str(run.folder), "seed": run.seed, "fold": run.place[1], "value": value}
        for run, value in zip(c.runs, c.values, strict=True)
    ]
    numbers = {"chance": c.chance, "sd": c.sd, "events": c.events}
    facts = {"classes": list(c.classes), "interval_over": c.spread, "experiments": c.experiments}
    mean = {"mean": c.mean.value, "lo": c.mean.lo, "hi": c.mean.hi}
    return {"name": c.name} | mean | numbers | facts | {"runs": runs, "settings": c.settings}


class Draws:
    """One metric of runs with the same classes, under one set of event draws."""

    def __init__(self, runs: Sequence[Run], metric: str, draws: int, level: float, seed: int):
        self.metric, self.draws, self.level, self.seed = metric, draws, level, seed
        events = pd.Index(sorted({g for run in runs for g in run.predictions["group"]}))
        self.counts = np.stack([_by_event(run, events) for run in runs])
        self.labels = np.asarray(self.counts.sum((0, -1)).argmax(-1), np.int64)
        self.values = self._score(self.counts.sum(1))
        drawn = draw_groups(self.labels, draws, seed)
        each = [self._score(np.tensordot(drawn, one, axes=1)) for one in self.counts]
        self.table = np.stack(each, axis=1)
        flips = np.random.default_rng((seed, 2)).integers(0, 2, (draws, len(events)))
        self.flips = flips.astype(float)

    def _score(self, confusion: Floats) -> Floats:
        return metrics.from_confusion(confusion)[self.metric]

    def events(self, members: Sequence[int]) -> Index:
        """The events that some runs judged."""
        return np.flatnonzero(self.counts[list(members)].sum((0, 2, 3)))

    def mean(self, members: Sequence[int]) -> Score:
        """The mean of some runs, with its interval over runs and events."""
        rng = np.random.default_rng((self.seed, 4))
        even = np.zeros(len(self.values))
        even[list(members)] = 1 / len(members)
        drawn = self._weights([members], np.ones((self.draws, 1)), rng)
        return self._contrast(even, drawn, len(members) - 1, self.events(members))

    def difference(self, first: list[list[int]], second: list[list[int]]) -> Score:
        """Mean of the first runs minus that of the second; each list holds one set of records.

        Sets of records are drawn with both sides together, then runs within each set and side.
        """
        rng = np.random.default_rng((self.seed, 4))
        over = _shares(len(first), self.draws, rng)
        drawn = self._weights(first, over, rng) - self._weights(second, over, rng)
        even = np.zeros(len(self.values))
        for sets, sign in ((first, 1), (second, -1)):
            for members in sets:
                even[members] += sign / len(members) / len(sets)
        members = [i for sets in (first, second) for one in sets for i in one]
        free = len(first) - 1 if len(first) > 1 else len(members) - 2
        return self._contrast(even, drawn, free, self.events(members))

    def _weights(
        self, sets: Sequence[Sequence[int]], over: Floats, rng: np.random.Generator
    ) -> Floats:
        """How much each run counts in each draw, `(draw, run)`; `over` weighs the sets."""
        found = np.zeros((self.draws, len(self.values)))
        for place, members in enumerate(sets):
            shares = _shares(len(members), self.draws, rng)
            found[:, list(members)] = over[:, [place]] * shares
        return found

    def _contrast(self, even: Floats, drawn: Floats, free_runs: int, events: Index) -> Score:
        """A weighted sum of runs, with its interval where there are events enough."""
        value = round(float(even @ self.values), 12) + 0.0
        if len(events) < FEWEST:
            return Score(value)
        both = np.where(drawn != 0, drawn * self.table, 0.0).sum(1)
        strata = len(np.unique(self.labels[events]))
        by_runs = round(float(np.var(drawn @ self.values)), 18)
        by_events = float(np.nanvar(np.where(even != 0, even * self.table, 0.0).sum(1)))
        if by_runs == 0:
            return Score(value, *interval(both, value, self.level, len(events), strata))
        free_events = max(len(events) - strata, 1)
        free = (by_runs + by_events) ** 2 / (by_runs**2 / free_runs + by_events**2 / free_events)
        widened = float(np.sqrt(len(events) / free_events))
        return Score(value, *_ends(both, self.level, free, widened))

    def swapped(self, first: list[list[int]], second: list[list[int]]) -> float:
        """Two-sided p: predictions change sides event by event, in all sets of records alike.

        Of several runs on one set of records the confusion counts are averaged first.
        """
        seen, drawn = 0.0, np.zeros(self.draws)
        for one, other in zip(first, second, strict=True):
            ours, theirs = self.counts[one].mean(0), self.counts[other].mean(0)
            change = theirs - ours
            touched = change.any((1, 2))
            moved = np.tensordot(self.flips[:, touched], change[touched], axes=1)
            a, b = ours.sum(0), theirs.sum(0)
            seen += float(self._score(a) - self._score(b))
            drawn += self._score(a + moved) - self._score(b - moved)
        return p_value(abs(seen), np.abs(drawn))


def _by_event(run: Run, events: pd.Index[Any]) -> Floats:
    """Confusion counts `(event, true class, predicted class)` of a run."""
    table = run.predictions
    rows = events.get_indexer(pd.Index(table["group"])).astype(np.int64)
    labels, said = (table[name].to_numpy(np.int64) for name in ("label", "predicted"))
    return metrics.confusion(labels, said, rows, len(run.classes), len(events))


def _shares(count: int, draws: int, rng: np.random.Generator) -> Floats:
    """Shares `(draw, one of count)` of draws with replacement, one fewer than there are."""
    if count == 1:
        return np.ones((draws, 1))
    return rng.multinomial(count - 1, np.full(count, 1 / count), size=draws) / (count - 1)


def _ends(drawn: Floats, level: float, free: float, widened: float) -> tuple[float, float]:
    """Percentile interval with the tails of a t quantile, as `bootstrap.interval` has it."""
    tail = stats.norm.cdf(-stats.t.ppf((1 + level) / 2, free) * widened)
    low, high = np.quantile(drawn[np.isfinite(drawn)], [tail, 1 - tail])
    return float(low), float(high)


def holm(p_values: Sequence[float]) -> list[float]:
    """P values corrected for their number: Holm's step-down, each at most 1."""
    order = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    stepped = np.maximum.accumulate(np.asarray(p_values, float)[order] * factors)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(stepped, 1.0)
    return [float(p) for p in corrected]


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
        curves=_curves(configurations, over),
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


def _curves(configurations: Sequence[Configuration], over: str | None) -> dict[str, list[Line]]:
    """The curves that can be drawn: over the key that was asked for, training share, classes."""
    found = {key: _lines(configurations, key) for key in (TRAIN_SHARE, CLASS_COUNT)}
    drawn = {key: lines for key, lines in found.items() if _varies(lines)}
    if over is not None and over not in drawn:
        lines = _lines(configurations, over)
        if not _varies(lines):
            where, remedy = f"--over {over}", "name a numeric key that differs among the runs"
            raise Refused(f"{over} does not have two numeric values in these runs", where, remedy)
        drawn[over] = lines
    return drawn


def _varies(lines: Sequence[Line]) -> bool:
    return len({x for line in lines for x, _ in line.points}) > 1


def _lines(configurations: Sequence[Configuration], key: str) -> list[Line]:
    """One line for each configuration but for the key, and what follows it under the same name."""
    kept: dict[str, list[tuple[float, int]]] = {}
    settings: dict[str, Plain] = {}
    for number, c in enumerate(configurations):
        x, rest = position(c, key), _without(c.settings, _leaf(key))
        if x is not None:
            text = repr(sorted(rest.items()))
            settings.setdefault(text, rest)
            kept.setdefault(text, []).append((x, number))
    told = dict(zip(settings, names(list(settings.values())), strict=True))
    return [Line(told[text], sorted(points)) for text, points in kept.items()]


def _without(settings: Plain, leaf: str) -> Plain:
    return {key: value for key, value in settings.items() if _leaf(key) != leaf}


def position(configuration: Configuration, key: str) -> float | None:
    """Where a configuration stands along a key; the training share is in % of the largest one."""
    config = configuration.runs[0].config
    value = select(config, key)
    if key == TRAIN_SHARE:
        return _percent(config, value)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if number else None


def _percent(config: Plain, value: Any) -> float | None:
    """A training share in % of what validation and test leave."""
    data = config["dataset"]
    if "train_frac" not in data:
        return None
    tested = 0.0 if data["event_split_method"] == "kfold" else data["test_ratio"]
    whole = 1 - data["val_ratio"] - tested
    return 100.0 if value is None else round(min(100 * value / whole, 100.0), 4)


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
