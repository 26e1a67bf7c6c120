"""Trained at one station, tested at another: what each cell of that matrix holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tremor.errors import Refused
from tremor.evaluation.by_station import TRAINED_ON, Reached, leaks, setting, tested
from tremor.evaluation.naming import names
from tremor.evaluation.run_split import events_of, where_trained
from tremor.evaluation.runs import Plain, Run

SEEN = ("train", "val")


@dataclass(frozen=True)
class Judged:
    """A run judged at one station, on events that it neither trained nor validated on.

    `left_out` counts the station's events that it had seen. Without a `verdict`, `why` says what
    there was too little of.
    """

    run: Run
    station: str
    left_out: int
    verdict: Plain | None = None
    why: str = ""


@dataclass(frozen=True)
class Cell:
    """Runs trained on some stations, tested at one; `None` where nothing could be tested."""

    trained: tuple[str, ...]
    station: str
    tested: Reached | None
    left_out: int
    why: str = ""

    @property
    def own(self) -> bool:
        """Whether the station is one of those that it was trained on."""
        return self.station in self.trained


@dataclass(frozen=True)
class Across:
    """The matrix of cells, row by row: who was trained where, who was tested where."""

    trained: list[tuple[str, ...]]
    stations: list[str]
    cells: list[Cell]
    level: float
    notes: list[str]

    def cell(self, trained: tuple[str, ...], station: str) -> Cell:
        """One cell; an empty one where that was not asked for."""
        ours = (c for c in self.cells if (c.trained, c.station) == (trained, station))
        return next(ours, Cell(trained, station, None, 0, "not asked"))


def refuse_mixed(runs: Sequence[Run]) -> None:
    """A matrix is of one configuration: its rows differ in station and seed alone."""
    settings = [setting(run) | {TRAINED_ON: ""} for run in runs]
    one = list({repr(each): each for each in settings}.values())
    if len(one) > 1:
        said = "; ".join(name or "the others" for name in names(one))
        remedy = "give the runs of one configuration, such as one sweep over stations"
        raise Refused(f"the runs differ in more than station and seed: {said}", "runs", remedy)


def seen_by(run: Run) -> frozenset[str]:
    """The events that a run trained or validated on.

    An earthquake seen at several stations is one event: what trained a run at one station is not
    new to it at another, whatever the split there says.
    """
    return events_of(run, SEEN)


def across(
    judged: Sequence[Judged], *, draws: int = 2000, level: float = 0.95, seed: int = 0
) -> Across:
    """The matrix of what was judged; runs that were trained on the same stations share a row."""
    runs = {one.run.folder: one.run for one in judged}
    trained = {folder: where_trained(run) for folder, run in runs.items()}
    together: dict[tuple[tuple[str, ...], str], list[Judged]] = {}
    for one in judged:
        together.setdefault((trained[one.run.folder], one.station), []).append(one)
    cells = [_cell(*key, ours, draws, level, seed) for key, ours in together.items()]
    rows = sorted({cell.trained for cell in cells}, key=lambda names: (len(names), names))
    columns = sorted({cell.station for cell in cells})
    order = {key: place for place, key in enumerate((r, c) for r in rows for c in columns)}
    return Across(
        trained=rows,
        stations=columns,
        cells=sorted(cells, key=lambda cell: order[cell.trained, cell.station]),
        level=level,
        notes=leaks(list(runs.values())),
    )


def _cell(
    trained: tuple[str, ...],
    station: str,
    judged: Sequence[Judged],
    draws: int,
    level: float,
    seed: int,
) -> Cell:
    ready = [(one.run, one.verdict) for one in judged if one.verdict is not None]
    left_out = max(one.left_out for one in judged)
    if not ready:
        return Cell(trained, station, None, left_out, judged[0].why)
    return Cell(trained, station, tested(ready, draws, level, seed), left_out)
