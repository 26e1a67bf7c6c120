"""The finished runs below some folders, and those that cannot be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tremor.errors import Refused
from tremor.evaluation.runs import Run

FINISHED = ("config.yaml", "evaluation/predictions.csv", "evaluation/metrics.json")


@dataclass(frozen=True)
class Found:
    """What lies below some folders: runs to compare, and runs that cannot take part, by why."""

    runs: list[Run]
    unfinished: list[Path]
    unlabelled: list[Path]
    repeated: list[Path]


def single(run: Run) -> Run:
    """A run that was asked one question; one of several heads is refused."""
    if run.heads:
        heads = ", ".join(run.heads)
        remedy = f"--head {run.heads[0]}, or leave it out"
        raise Refused(f"this run answers several questions ({heads})", str(run.folder), remedy)
    return run


def find(places: Sequence[Path], view: Callable[[Run], Run] = single) -> Found:
    """Every run below some folders; of repeats of one run the last in order of names counts.

    `view` is what of each run is looked at.
    """
    folders = sorted({folder.resolve() for place in places for folder in _run_folders(place)})
    ready = [f for f in folders if all((f / name).is_file() for name in FINISHED)]
    read = [Run.read(folder) for folder in ready]
    labelled = [view(run) for run in read if run.labelled]
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


def _run_folders(place: Path) -> Iterator[Path]:
    if not place.is_dir():
        raise Refused("no such folder", str(place), "give run folders, or a folder above them")
    yield from (path.parent for path in place.rglob("checkpoints") if path.is_dir())
    predictions = place.rglob("evaluation/predictions.csv")
    yield from (p.parents[1] for p in predictions if (p.parents[1] / "config.yaml").exists())
