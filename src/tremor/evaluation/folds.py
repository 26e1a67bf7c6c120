"""Cross-validation from finished runs: each fold by itself, and all of them pooled and judged.

Every record is predicted by the one run that did not see its event, so the predictions of all folds
together are judged as one test, by the judge of the runs themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from itertools import groupby
from pathlib import Path

import pandas as pd

from tremor.config.build import build
from tremor.config.resolve import select
from tremor.errors import Refused
from tremor.evaluation.by_station import leaks
from tremor.evaluation.fold_scores import Line, lines
from tremor.evaluation.fold_tables import stations_of, tables
from tremor.evaluation.found_runs import Found, find
from tremor.evaluation.naming import names
from tremor.evaluation.runs import Plain, Run
from tremor.files import near

NEEDED = "-m 'dataset.fold=range(0,5)' dataset.event_split_method=leave_event_out dataset.n_folds=5"


@dataclass(frozen=True)
class CrossValidation:
    """The folds of one configuration and seed, in order; `verdict` is that on all predictions.

    `predictions` are those of all folds with a column `fold`. `unalarmed` says why the verdict has
    no leak alarms, and is empty where it has. `missing` are the folds that were not run.
    """

    name: str
    runs: tuple[Run, ...]
    missing: tuple[int, ...]
    predictions: pd.DataFrame
    verdict: Plain
    unalarmed: str

    @property
    def seed(self) -> int:
        return self.runs[0].seed

    @property
    def folds(self) -> tuple[int, ...]:
        """The numbers of the folds that there are."""
        return tuple(int(run.place[1]) for run in self.runs)

    @property
    def method(self) -> str:
        """How the folds were made."""
        return str(select(self.runs[0].config, "dataset.event_split_method"))

    @property
    def verdicts(self) -> dict[str, Plain]:
        """The verdict on each head by its name; on the one question under an empty name."""
        return dict(self.verdict.get("heads", {"": self.verdict}))

    @cached_property
    def lines(self) -> list[Line]:
        """Every score of every head: in each fold, and of all folds pooled."""
        return lines(self.predictions, self.folds, self.verdict)

    @cached_property
    def tested(self) -> list[Plain]:
        """What each fold tested: its number, records, events and, where known, stations."""
        return [
            {
                "fold": fold,
                "records": len(run.predictions),
                "events": int(run.predictions["group"].nunique()),
                "stations": list(stations_of(run)),
            }
            for fold, run in zip(self.folds, self.runs, strict=True)
        ]

    def plain(self) -> Plain:
        """The cross-validation as plain values for a JSON file."""
        runs = [str(run.folder) for run in self.runs]
        scores = [asdict(it) | {"mean": it.mean, "sd": it.sd} for it in self.lines]
        own = {"name": self.name, "seed": self.seed, "method": self.method, "runs": runs}
        own |= {"missing": list(self.missing), "tested": self.tested, "scores": scores}
        return own | {"unalarmed": self.unalarmed, "verdict": self.verdict}

    def line(self, head: str, metric: str) -> Line:
        """One of the scores."""
        return next(it for it in self.lines if (it.head, it.metric) == (head, metric))


@dataclass(frozen=True)
class Collected:
    """All that lies below some folders: cross-validations, runs without a fold, what was found."""

    made: list[CrossValidation]
    without: list[Run]
    found: Found
    partial: list[str] = field(default_factory=list)

    @property
    def leaks(self) -> list[str]:
        """What runs say first of a split that leaks."""
        return leaks([run for made in self.made for run in made.runs])


def collect(
    places: Sequence[Path], *, allow_missing: bool = False, cache_dir: Path | None = None
) -> Collected:
    """Pool the runs below some folders that differ in their fold alone, and judge each pool.

    Folds that share a record, or that were run twice on other records, are refused. Pools of which
    folds are missing are left out and named (`partial`), unless `allow_missing`; refused if none is
    whole. `cache_dir` is where the records are, if no longer in the runs'.
    """
    found = find(places, lambda run: run)
    inside = [run for run in found.runs if run.place[1] is not None]
    if not inside:
        fault = f"none of {len(found.runs)} finished runs is a fold of a cross-validation"
        raise Refused(fault, ", ".join(map(str, places)), NEEDED)
    ordered = sorted(inside, key=_whose)
    pools = [list(runs) for _, runs in groupby(ordered, key=_whose)]
    named = list(zip(_titles(pools), pools, strict=True))
    whole = [(name, runs) for name, runs in named if allow_missing or not _missing(runs)]
    gaps = [_gap(name, runs) for name, runs in named if _missing(runs)]
    if not whole:
        raise Refused("; ".join(gaps), ", ".join(map(str, places)), "run them, or --allow-missing")
    made = [
        _made(name, sorted(runs, key=lambda run: int(run.place[1])), cache_dir)
        for name, runs in whole
    ]
    without = [run for run in found.runs if run.place[1] is None]
    return Collected(made, without, found, [] if allow_missing else gaps)


def _missing(runs: Sequence[Run]) -> tuple[int, ...]:
    """The folds of a pool that were not run."""
    wanted = int(select(runs[0].config, "dataset.n_folds"))
    return tuple(sorted(set(range(wanted)) - {int(run.place[1]) for run in runs}))


def _gap(name: str, runs: Sequence[Run]) -> str:
    """Which folds of a pool are missing, in words."""
    gone, wanted = _missing(runs), int(select(runs[0].config, "dataset.n_folds"))
    said = f"of {wanted} folds {len(gone)} are missing: {', '.join(map(str, gone))}"
    return f"{name}, seed {runs[0].seed}: {said}"


def _whose(run: Run) -> tuple[str, int]:
    """What the folds of one cross-validation share."""
    return repr(sorted(run.settings.items())), run.seed


def _titles(pools: Sequence[Sequence[Run]]) -> list[str]:
    """A short name of each pool's configuration; one alone has its experiment's."""
    first = [runs[0] for runs in pools]
    told = names([run.naming for run in first])
    said = [
        name or str(run.config["experiment_name"]) for run, name in zip(first, told, strict=True)
    ]
    return [
        f"control {run.control} {name}" if run.control else name
        for run, name in zip(first, said, strict=True)
    ]


def _made(name: str, runs: Sequence[Run], cache_dir: Path | None) -> CrossValidation:
    """One cross-validation: its predictions pooled, and judged with leak alarms where they can be.

    The alarms learn from the training records of each fold for that fold's test records.
    """
    _refuse_twice(runs)
    missing = _missing(runs)
    said = pd.concat([run.predictions.assign(fold=run.place[1]) for run in runs], ignore_index=True)
    _refuse_shared(said, name)
    known = tables(runs, said, cache_dir)
    table, train = (None, None) if isinstance(known, str) else known
    verdict: Plain = build(runs[0].config["evaluation"])(
        said,
        classes=_classes(runs[0]),
        table=table,
        train_table=train,
        split=f"test of {len(runs)} folds",
        ordered=(runs[0].folder / "classes.json").exists(),
    )
    why = known if isinstance(known, str) else ""
    return CrossValidation(name, tuple(runs), missing, said, verdict, why)


def _classes(run: Run) -> tuple[str, ...]:
    """The classes of a run's one question, or of its first head."""
    heads = select(run.config, "evaluation.heads")
    return tuple(next(iter(heads.values()))) if heads else run.classes


def _refuse_twice(runs: Sequence[Run]) -> None:
    """One run for each fold."""
    first: dict[int, Run] = {}
    for run in runs:
        other = first.setdefault(int(run.place[1]), run)
        if other is not run:
            raise Refused(
                f"fold {run.place[1]} was run twice, on other records or from other weights",
                f"{near(other.folder)}; {near(run.folder)}",
                "give the folders of one cross-validation at a time",
            )


def _refuse_shared(said: pd.DataFrame, name: str) -> None:
    """No record is in two folds: else it would count twice, and one of them has seen it."""
    shared = said[said.duplicated("record_id", keep=False)]
    if len(shared):
        folds = ", ".join(str(fold) for fold in sorted(shared["fold"].unique()))
        count, one = shared["record_id"].nunique(), shared["record_id"].iloc[0]
        raise Refused(
            f"folds {folds} overlap: {count} records are tested in several, such as {one}",
            name,
            "run the folds again with one seed, one n_folds and the same data",
        )
