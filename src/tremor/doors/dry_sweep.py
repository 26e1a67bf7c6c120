"""`-m … dry_run=true`: jobs of a sweep rehearsed in a folder that goes again, and their table.

Nothing here imports torch.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from hydra.core.hydra_config import HydraConfig

from tremor.config.overrides import OVERRIDE, key_of, quoted, sweeping, swept
from tremor.doors.amounts import in_bytes, in_time
from tremor.errors import Refused
from tremor.files import told, write_json

NOTE = "dry_run.json"
COLUMNS = ("job", "what varies", "steps", "time", "memory")


@contextmanager
def kept_apart(arguments: Sequence[str], root: Path) -> Iterator[list[str]]:
    """The arguments of a door; a sweep of rehearsals is led to a folder that is then removed."""
    if not _rehearsing(arguments):
        yield list(arguments)
        return
    _refuse_search(arguments)
    home = Path(_value(arguments, "output_dir", root)).expanduser()
    there = home.exists()
    with told(home):
        home.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=".dry_run_", dir=home))
    try:
        place = f"hydra.sweep.dir={quoted(str(scratch.resolve()))}"
        yield [*arguments, "hydra/sweeper=basic", place]
        if notes := _notes(scratch):
            print("\n" + table(notes))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        if not there and not any(home.iterdir()):
            home.rmdir()


def _rehearsing(arguments: Sequence[str]) -> bool:
    """Whether these are the arguments of a sweep that is only rehearsed."""
    return sweeping(arguments) and any(
        key_of(text) == "dry_run" and text.lower().endswith("=true") for text in arguments
    )


def _refuse_search(arguments: Sequence[str]) -> None:
    """A search finds its jobs as it goes: there is no list of them to rehearse."""
    if any(text.startswith(("hydra/sweeper=", "hydra/search=", "sweep=")) for text in arguments):
        told = "only a grid can be rehearsed: these jobs are not known beforehand"
        raise Refused(told, "dry_run=true", "leave out -m and the search, or list values: key=a,b")


def _value(arguments: Sequence[str], key: str, root: Path) -> str:
    """A key of the root as it was typed, or as the tree has it."""
    matches = (OVERRIDE.fullmatch(text) for text in arguments)
    typed = [match["value"].strip("'\"") for match in matches if match and match["key"] == key]
    return typed[-1] if typed else str(yaml.safe_load(root.read_text())[key])


def leave_note(overrides: Sequence[str], steps: float, seconds: float, memory: int) -> None:
    """In a sweep, what this job would take, for the table at its end."""
    if swept():
        hydra = HydraConfig.get()
        about = {"job": hydra.job.num, "overrides": list(overrides)}
        about |= {"steps": _finite(steps), "seconds": _finite(seconds), "memory": memory}
        write_json(Path(hydra.runtime.output_dir) / NOTE, about)


def _finite(number: float) -> float | None:
    return number if number < float("inf") else None


def _notes(scratch: Path) -> list[dict[str, Any]]:
    """What the jobs left, in their order."""
    found = [json.loads(path.read_text()) for path in scratch.rglob(NOTE)]
    return sorted(found, key=lambda note: int(note["job"]))


def table(notes: Sequence[dict[str, Any]]) -> str:
    """One line a job, and their sum."""
    common = set.intersection(*(set(note["overrides"]) for note in notes))
    rows = [list(COLUMNS)]
    for note in notes:
        varied = " ".join(text for text in note["overrides"] if text not in common)
        length = "no end" if note["seconds"] is None else in_time(note["seconds"])
        steps = "–" if note["steps"] is None else f"{note['steps']:,.0f}"
        rows.append([str(note["job"]), varied, steps, length, in_bytes(note["memory"])])
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in rows]
    total = sum(note["seconds"] or 0 for note in notes)
    return "\n".join([*(line.rstrip() for line in lines), _sum(len(notes), total)])


def _sum(jobs: int, seconds: float) -> str:
    return f"{jobs} jobs would train for {in_time(seconds)} one after another; nothing was run"
