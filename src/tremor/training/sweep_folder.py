"""The sweep's folder: sweep.json lists its jobs, and each job keeps its state in job.json.

Whoever launches the jobs, the folder is what is known of them. Nothing here loads torch.
"""

from __future__ import annotations

import json
import os
import socket
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from tremor.alive import birth, lives
from tremor.config.types import fits
from tremor.errors import Refused
from tremor.files import write_json

PLAN, STATE, OUTPUT, TRACEBACK = "sweep.json", "job.json", "output.txt", "traceback.txt"
PRUNED_NOTE = "pruned.json"
DONE, PRUNED, RUNNING = "done", "pruned", "running"
FAILED, REFUSED, STOPPED, MISSING = "failed", "refused", "stopped", "missing"
ENDED = (DONE, PRUNED, FAILED, REFUSED, STOPPED)
WANTED = {"failed": (FAILED, REFUSED, STOPPED, MISSING), "missing": (STOPPED, MISSING)}
"""What `retry=` runs again: all that did not end well, or what never ran or was cut off."""
FORMAT = 1
SILENT = 600.0
"""Seconds without a sign of life after which a job on another machine counts as gone."""


@dataclass(frozen=True)
class Job:
    """One job: its overrides as Hydra takes them and as one types them, what it varies among
    the jobs, and the number that chooses its best epoch.
    """

    number: int
    overrides: list[str]
    typed: list[str]
    values: dict[str, str]
    monitor: str = ""
    mode: str = "min"
    trial: int | None = None


@dataclass(frozen=True)
class State:
    """How far a job is; for one that did not end well, why, and where its traceback lies."""

    state: str
    seconds: float | None = None
    problem: str = ""
    where: str = ""
    remedy: str = ""
    traceback: str = ""
    host: str = ""
    pid: int = 0
    born: str = ""

    def __post_init__(self) -> None:
        if self.state not in (*ENDED, RUNNING, MISSING):
            raise ValueError(f"no state of a job: {self.state}")

    @classmethod
    def running(cls) -> State:
        """That this process is at it."""
        pid = os.getpid()
        return cls(RUNNING, host=socket.gethostname(), pid=pid, born=birth(pid))

    @property
    def here(self) -> bool:
        """Whether it is of this machine."""
        return self.host == socket.gethostname()


@dataclass(frozen=True)
class Sweep:
    """A sweep: its folder, its overrides as Hydra takes them and as one types them, Hydra's own,
    the keys that vary, the folder in which it was typed, its jobs so far; a folder with more YAML
    files, and the process that runs it, as far as these are known.
    """

    folder: Path
    arguments: list[str]
    typed: list[str]
    hydra: list[str]
    keys: list[str]
    home: str
    jobs: list[Job] = field(default_factory=list)
    config_dir: str = ""
    by: State | None = None

    @property
    def busy(self) -> int:
        """The other process of this machine that runs it at this moment; 0 for none."""
        by = self.by
        other = by is not None and by.here and by.pid != os.getpid() and lives(by.pid, by.born)
        return by.pid if by is not None and other else 0

    @property
    def outside(self) -> list[str]:
        """The words that name its folder with more YAML files, if it has one."""
        return ["--config-dir", self.config_dir] if self.config_dir else []

    def write(self) -> Sweep:
        """Write sweep.json."""
        content = asdict(self) | {"format": FORMAT}
        del content["folder"]
        write_json(self.folder / PLAN, content)
        return self

    def with_jobs(self, jobs: list[Job]) -> Sweep:
        """The same sweep with these jobs, in the place of those of the same numbers."""
        known = {job.number: job for job in self.jobs} | {job.number: job for job in jobs}
        return replace(self, jobs=[known[number] for number in sorted(known)])

    @classmethod
    def read(cls, folder: Path) -> Sweep:
        """The sweep that a folder holds; a folder of anything else is refused."""
        path = folder / PLAN
        if not path.is_file():
            remedy = "sweep=<the folder that simple_train.py -m named>"
            raise Refused(f"no sweep was begun here: there is no {PLAN}", str(folder), remedy)
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if content.pop("format") != FORMAT:
                raise ValueError("another version of Tremor wrote it")
            jobs = [made(Job, job) for job in content.pop("jobs")]
            by = content.pop("by", None)
            known = content | {"folder": folder, "jobs": jobs, "by": by and made(State, by)}
            return made(cls, known)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Refused(f"it cannot be read: {error}", str(path), "start a new sweep") from error

    def place(self, job: Job) -> Path:
        """The folder of a job, which is its run folder."""
        return self.folder / str(job.number)

    def states(self) -> dict[int, State]:
        """The state of every job, by its number."""
        return {job.number: state_of(self.place(job)) for job in self.jobs}

    def again(self, retry: str) -> list[Job]:
        """The jobs that `retry` asks for."""
        states = self.states()
        return [job for job in self.jobs if states[job.number].state in WANTED[retry]]


T = TypeVar("T")
MADE = ("folder", "jobs", "by")
"""What `made` is given as objects."""


def made(kind: type[T], content: dict[str, Any]) -> T:
    """One of these, if all that is said of it is of the right types."""
    if not isinstance(content, dict):
        raise TypeError(f"{kind.__name__.lower()} without keys")
    hints = get_type_hints(kind)
    for name, value in content.items():
        if name not in hints or not (name in MADE or fits(value, hints[name])):
            raise TypeError(f"{kind.__name__.lower()} with {name} {str(value)[:80]}")
    return kind(**content)


def state_of(folder: Path) -> State:
    """What a job's folder says of it; a job whose process is gone was stopped."""
    found = written_state(folder)
    if found.state == RUNNING and not alive(found, folder):
        return replace(found, state=STOPPED, problem="its process ended before the job did")
    return found


def written_state(folder: Path) -> State:
    """What job.json says, whether or not its process is still there."""
    try:
        return made(State, json.loads((folder / STATE).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return State(MISSING)
    except (ValueError, TypeError, RecursionError) as error:
        return State(STOPPED, problem=f"its {STATE} cannot be read: {error}", where=str(folder))


def put_state(folder: Path, state: State) -> None:
    """Write job.json."""
    write_json(folder / STATE, asdict(state))


def alive(state: State, folder: Path) -> bool:
    """Whether the process of a running job is still there, as far as one can tell."""
    if state.here:
        return lives(state.pid, state.born)
    newest = max(path.stat().st_mtime for path in [folder, *folder.iterdir()])
    return time.time() - newest < SILENT
