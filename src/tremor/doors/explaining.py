"""The long part of explaining: record after record, each kept as soon as it is done."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from itertools import chain
from pathlib import Path
from statistics import median
from typing import TypeVar

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import nn

from tremor.config.build import Plain
from tremor.doors.echo import console, say
from tremor.doors.processes import first
from tremor.doors.sharing import ALL, Share
from tremor.doors.subject import Subject
from tremor.errors import Refused
from tremor.explain.budget import Budget
from tremor.explain.explanation import Explanation
from tremor.explain.methods import Case, Method, record_seed
from tremor.explain.parts import Parts
from tremor.explain.targets import Target
from tremor.files import near, write_json

PILOT = 256  # evaluations that measure how fast they are
Made = TypeVar("Made")
VIEWS = 4  # networks for different lengths that are kept at once


@dataclass(frozen=True)
class Cases:
    """The chosen records of a subject, one after the other."""

    subject: Subject
    target: Target
    seed: int
    batch: int
    names: tuple[str, ...]
    labels: tuple[int, ...]
    inputs: torch.Tensor
    steps: tuple[int, ...]
    references: torch.Tensor
    asked: str = ""

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def _view(self) -> Callable[[int], nn.Module]:
        """The network for so many valid steps: what is found out about it holds for all such."""
        return lru_cache(maxsize=VIEWS)(self.subject.predict)

    def case(self, place: int) -> Case:
        """One of them; its randomness depends on the seed and its name alone."""
        return Case(
            predict=self._view(self.steps[place]),
            record=self.inputs[place],
            axes=self.subject.axes,
            target=self.target,
            references=self.references,
            label=self.labels[place],
            steps=self.steps[place] if self.subject.axes[-1].name == "time" else None,
            seed=record_seed(self.seed, self.names[place]),
            batch=self.batch,
            asked=self.asked,
        )


def explained(
    method: Method, cases: Cases, parts: Parts, folder: Path, plan: Plain, share: Share = ALL
) -> list[Explanation]:
    """Explanations of all cases, in their order; what is there already is not made again.

    Of several processes each explains every so-manieth, and the first one has them all then.
    """
    left = [place for place, name in enumerate(cases.names) if not parts.has(name)]
    if len(left) < len(cases):
        say(f"resume   {len(cases) - len(left)} of {len(cases)} are there already")
    todo = [place for place in left if place % share.world == share.rank]
    make = _together(share, lambda: _maker(method, cases, folder, len(todo)))
    began, spent = time.monotonic(), 0
    errors: list[float] = []
    own = len(range(share.rank, len(cases), share.world))
    with _bar(own, own - len(todo)) as advance:
        for place in todo:
            found = make(cases.case(place))
            if not (folder / "plan.json").exists():
                write_json(folder / "plan.json", plan)
            parts.put(cases.names[place], found)
            spent += found.evaluations
            if found.relative_error is not None:
                errors.append(found.relative_error)
            advance(errors)
    each = share.gathered((len(todo), spent, errors))
    if not share.first:
        return []
    counts, numbers, found_errors = zip(*each, strict=True)
    if sum(counts):
        _tell(sum(counts), sum(numbers), time.monotonic() - began, list(chain(*found_errors)))
    return [parts.get(name, cases.subject.axes) for name in cases.names]


def _together(share: Share, make: Callable[[], Made]) -> Made:
    """What the first process makes first: the others find what it has measured."""
    made = make() if share.first else None
    share.wait()
    return make() if made is None else made


def begun(folder: Path, plan: Plain) -> Parts:
    """The parts of this very explanation; what another one left in its place is refused."""
    note = folder / "plan.json"
    if note.exists() and json.loads(note.read_text()) != json.loads(json.dumps(plan)):
        fault = "another explanation (other weights, data or version) is there"
        raise Refused(fault, str(folder), f"move it away: mv {near(folder)} {near(folder)}.old")
    return Parts(folder / "parts")


def _maker(method: Method, cases: Cases, folder: Path, left: int) -> Callable[[Case], Explanation]:
    """How a case is explained within the method's budget."""
    if method.budget is None or not left:
        return within(method, None)
    timed = method.budget.seconds is not None
    return within(method, _planned(method, cases, folder, left) if timed else method.budget)


def within(method: Method, budget: Budget | None) -> Callable[[Case], Explanation]:
    """How a case is explained within a budget that is no time, if there is one."""
    if budget is None:
        return lambda case: method(case, None)
    return lambda case: budget.spend(lambda each: method(case, each), method.least(case))


def _planned(method: Method, cases: Cases, folder: Path, left: int) -> Budget:
    """Seconds as evaluations a record: measured once, then kept: all records get the same."""
    note = folder / "pace.json"
    assert method.budget is not None
    if note.exists():
        return Budget(**json.loads(note.read_text()))
    planned = method.budget.planned(lambda: pace(method, cases), left)
    write_json(note, asdict(planned))
    fit = f"fit into {method.budget.seconds:g} s"
    say(f"budget   {planned.evaluations:,} evaluations a record {fit}")
    return planned


def pace(method: Method, cases: Cases) -> float:
    """Seconds of one evaluation, by explaining the first record twice."""
    pilot = max(PILOT, method.least(cases.case(0)))
    method(cases.case(0), pilot)
    began = time.monotonic()
    found = method(cases.case(0), pilot)
    return (time.monotonic() - began) / found.evaluations


@contextmanager
def _bar(total: int, done: int) -> Iterator[Callable[[list[float]], None]]:
    """A bar with the median standard error so far on a terminal, silence elsewhere."""
    columns = (
        TextColumn("explain"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[error]}"),
    )
    shown = sys.stdout.isatty() and first()
    with Progress(*columns, console=console, transient=True, disable=not shown) as progress:
        bar = progress.add_task("", total=total, completed=done, error="")

        def advance(errors: list[float]) -> None:
            said = f"rel. se {median(errors):.2f}" if errors else ""
            progress.update(bar, advance=1, error=said)

        yield advance


def _tell(records: int, evaluations: int, seconds: float, errors: list[float]) -> None:
    error = f", median relative standard error {median(errors):.3f}" if errors else ""
    say(
        f"done     {records} records in {seconds:.0f} s: {evaluations:,} evaluations "
        f"({evaluations / seconds:,.0f} a second){error}"
    )
