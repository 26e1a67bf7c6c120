"""How good finished runs are at each station: one row a station, from what the runs predicted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from tremor.config.resolve import select
from tremor.errors import Refused
from tremor.evaluation.compared import CLEAR
from tremor.evaluation.found_runs import Found
from tremor.evaluation.judge import judge
from tremor.evaluation.naming import names
from tremor.evaluation.paired import Draws, Score, holm
from tremor.evaluation.run_split import station_of, where_trained
from tremor.evaluation.runs import Plain, Run, leaf

METRICS = ("balanced_accuracy", "accuracy")
PLACES = ("station", "stations", "data_dir")
"""Keys of a dataset that say where records come from, not how a run is made."""
TRAINED_ON = "trained on"
ITS_OWN = "each alone"
DRAWING = ("draws", "permutations", "level", "seed")


@dataclass(frozen=True)
class Reached:
    """How good some runs are at one station; of several runs the means.

    `p` is that of balanced accuracy under permuted labels: of several runs twice their median,
    which holds however they depend on each other.
    """

    runs: tuple[Run, ...]
    records: int
    events: int
    scores: dict[str, Score]
    chances: dict[str, float]
    p: float | None

    @property
    def main(self) -> Score:
        """Balanced accuracy."""
        return self.scores[METRICS[0]]

    @property
    def enough(self) -> bool:
        """Whether there are events enough for an interval."""
        return self.main.lo is not None

    @property
    def chance(self) -> float:
        """Chance level of balanced accuracy."""
        return self.chances[METRICS[0]]


@dataclass(frozen=True)
class Row:
    """A station under one configuration; `p_holm` is corrected over all rows of the table."""

    station: str
    configuration: str
    tested: Reached
    p_holm: float | None = None

    @property
    def clear(self) -> bool:
        """Whether it is above chance: by its interval, and by its corrected p."""
        low = self.tested.main.lo
        above = low is not None and low > self.tested.chance
        return above and self.p_holm is not None and self.p_holm < CLEAR


@dataclass(frozen=True)
class Mean:
    """The mean over the stations of a configuration, of those with events enough for an interval.

    Its own interval is over stations and events.
    """

    configuration: str
    stations: int
    scores: dict[str, Score]
    chances: dict[str, float]


@dataclass(frozen=True)
class Stations:
    """What finished runs reach at each station, in order of configuration and name."""

    rows: list[Row]
    means: list[Mean]
    level: float
    found: Found
    notes: list[str]


def stations(found: Found, *, draws: int = 2000, level: float = 0.95, seed: int = 0) -> Stations:
    """One row for each station and configuration; runs over many stations are taken apart.

    `draws`, `level` and `seed` are of means over several runs; a run by itself keeps its own.
    """
    settings = [setting(run) for run in found.runs]
    one = {repr(each): each for each in settings}
    title = dict(zip(one, names(list(one.values())), strict=True))
    pieces: dict[tuple[str, str], list[tuple[Run, Plain]]] = {}
    for run, each in zip(found.runs, settings, strict=True):
        for station, piece in apart(run).items():
            pieces.setdefault((title[repr(each)], station), []).append(piece)
    made = {key: tested(pieces[key], draws, level, seed) for key in sorted(pieces)}
    rows = [Row(station, name, its) for (name, station), its in made.items()]
    return Stations(
        rows=corrected(rows),
        means=list(_means(rows, draws, level, seed)),
        level=level,
        found=found,
        notes=leaks(found.runs),
    )


def setting(run: Run) -> Plain:
    """What makes the configuration of a run, but for its place; whether it saw one station."""
    kept = {k: v for k, v in run.naming.items() if not _place(k)}
    count = len(where_trained(run))
    alone = ITS_OWN if count == 1 else f"{count} stations"
    return kept | {TRAINED_ON: alone, "classes": list(run.classes), "control": run.control}


def _place(key: str) -> bool:
    return key.startswith("dataset.") and leaf(key) in PLACES


def apart(run: Run) -> dict[str, tuple[Run, Plain]]:
    """A run's predictions and verdict at each of its stations; at one alone, its own verdict."""
    where = run.predictions["record_id"].map(station_of(run))
    if where.isna().any():
        name = run.predictions.loc[where.isna(), "record_id"].iloc[0]
        said = f"record {name} was judged and is not in the split"
        remedy = "evaluate the run again, or leave it out"
        raise Refused(said, str(run.folder / "split.csv"), remedy)
    if where.nunique() == 1:
        return {str(where.iloc[0]): (run, run.verdict)}
    found = {}
    for station, rows in run.predictions.groupby(where):
        piece = replace(run, predictions=rows.reset_index(drop=True))
        found[str(station)] = (piece, judge(piece.predictions, **judging(run)))
    return found


def judging(run: Run) -> Plain:
    """How the run was judged, for its parts to be judged alike."""
    asked = select(run.config, "evaluation") or {}
    return {"classes": run.classes} | {k: asked[k] for k in DRAWING if k in asked}


def tested(pieces: Sequence[tuple[Run, Plain]], draws: int, level: float, seed: int) -> Reached:
    """Runs at one station, each with the verdict on what it predicted there."""
    runs = [run for run, _ in pieces]
    said = [verdict["metrics"] for _, verdict in pieces]
    records = {name for run in runs for name in run.predictions["record_id"]}
    events = {name for run in runs for name in run.predictions["group"]}
    return Reached(
        runs=tuple(runs),
        records=len(records),
        events=len(events),
        scores={m: _score(runs, said, m, draws, level, seed) for m in METRICS},
        chances={m: float(np.mean([its[m]["chance"] for its in said])) for m in METRICS},
        p=_together([its[METRICS[0]]["p"] for its in said]),
    )


def _score(
    runs: Sequence[Run], said: Sequence[Plain], metric: str, draws: int, level: float, seed: int
) -> Score:
    """The verdict's own number of one run; of several the mean, over runs and events."""
    if len(runs) == 1:
        return Score(*(said[0][metric][k] for k in ("value", "lo", "hi")))
    return Draws(runs, metric, draws, level, seed).mean(range(len(runs)))


def _together(p_values: Sequence[float | None]) -> float | None:
    known = [p for p in p_values if p is not None]
    if not known or len(known) < len(p_values):
        return None
    return known[0] if len(known) == 1 else min(1.0, 2 * float(np.median(known)))


def corrected(rows: Sequence[Row]) -> list[Row]:
    """The rows with p values corrected over all that have one."""
    values = iter(holm([row.tested.p for row in rows if row.tested.p is not None]))
    return [row if row.tested.p is None else replace(row, p_holm=next(values)) for row in rows]


def _means(rows: Sequence[Row], draws: int, level: float, seed: int) -> list[Mean]:
    """The mean over stations with events enough, of each configuration that has several."""
    found = []
    for name in dict.fromkeys(row.configuration for row in rows):
        ours = [row for row in rows if row.configuration == name and row.tested.enough]
        runs = [run for row in ours for run in row.tested.runs]
        if len(ours) > 1:
            drawn = {m: Draws(runs, m, draws, level, seed) for m in METRICS}
            scores = {m: its.mean(range(len(runs))) for m, its in drawn.items()}
            chances = {m: float(np.mean([r.tested.chances[m] for r in ours])) for m in METRICS}
            found.append(Mean(name, len(ours), scores, chances))
    return found


def leaks(runs: Sequence[Run]) -> list[str]:
    """What runs say first of a split that leaks, once each."""
    said = (line for run in runs for line in run.verdict.get("verdict", []))
    return list(dict.fromkeys(line for line in said if line.startswith("THE SPLIT LEAKS")))
