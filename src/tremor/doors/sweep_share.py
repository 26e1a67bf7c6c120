"""How many jobs of a sweep run at once, and how many threads are left for each of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Share:
    """Jobs at once, and threads for each; `None` leaves them as they are.

    `most` is how many the launcher is handed at a time, `None` for all.
    """

    jobs: int
    threads: int | None
    most: int | None = None

    def words(self) -> str:
        """`2 at once, 1 thread each`, or nothing for one after the other."""
        if self.threads is None:
            return f", {self.jobs} at once" if self.jobs > 1 else ""
        each = f"{self.threads} thread{'s' * (self.threads != 1)}"
        return f", {self.jobs} at once, {each} each" if self.jobs > 1 else f", {each}"


def share(launcher: Node, jobs: int, threads: int | None) -> Share:
    """The share of each of so many jobs; `threads` is what the user asks for, if anything.

    A number in OMP_NUM_THREADS is the user's too, and is left as it is.
    """
    found = SHARES.get(str(launcher["_target_"]).rpartition(".")[2], _one)(launcher, jobs)
    if threads is None and os.environ.get("OMP_NUM_THREADS"):
        return Share(found.jobs, None, found.most)
    return found if threads is None else Share(found.jobs, threads, found.most)


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _one(launcher: Node, jobs: int) -> Share:
    """One after the other, each with all cores."""
    return Share(1, None)


def _joblib(launcher: Node, jobs: int) -> Share:
    """`n_jobs` workers; negative counts from all cores backwards, as joblib does."""
    asked = int(launcher["n_jobs"])
    workers = asked if asked > 0 else max(1, cores() + 1 + asked)
    together = max(1, min(workers, jobs))
    return Share(together, max(1, cores() // together))


def _local(launcher: Node, jobs: int) -> Share:
    """Starts whatever it is handed: as many as there are cores for."""
    each = int(launcher.get("cpus_per_task") or 1)
    most = max(1, cores() // each)
    together = max(1, min(most, jobs))
    return Share(together, max(each, cores() // together), most)


def _slurm(launcher: Node, jobs: int) -> Share:
    """Each job has the cores that Slurm gives it."""
    each = launcher.get("cpus_per_task")
    together = max(1, min(int(launcher.get("array_parallelism") or jobs), jobs))
    return Share(together, int(each) if each else None)


def _ray(launcher: Node, jobs: int) -> Share:
    """Each task has the CPUs that it asks for, one unless it says so."""
    ray: Node = launcher.get("ray") or {}
    each = (ray.get("remote") or {}).get("num_cpus") or 1
    total = (ray.get("init") or {}).get("num_cpus") or cores()
    return Share(max(1, min(int(total / each), jobs)), max(1, int(each)))


SHARES: dict[str, Callable[[Node, int], Share]] = {
    "JoblibLauncher": _joblib,
    "LocalLauncher": _local,
    "SlurmLauncher": _slurm,
    "RayLauncher": _ray,
}
"""By the launcher's class; of any other one nothing is known, and nothing is changed."""
