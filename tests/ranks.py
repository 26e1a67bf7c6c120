"""Doors opened by several processes at once, as a launcher starts them.

They are forked from one process that has loaded torch and trained nothing: loading it anew in each
would take longer than the tests.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import runpy
import sys
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from pathlib import Path

from opened import ROOT

LOADED = ["ranks", "worlds", *(f"tremor.doors.{name}" for name in ("train", "evaluate", "explain"))]


@dataclass(frozen=True)
class Rank:
    """How one of several processes ended, and what it said."""

    code: int
    said: str


def server() -> ForkServerContext:
    """What processes are forked from."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    return context


def opened_by(world: int, home: Path, script: str, *overrides: str) -> list[Rank]:
    """A door opened in a folder by so many tasks of a Slurm job, or by one process without it."""
    job = str(random.SystemRandom().randrange(10**6))
    asked = [(rank, world, job, home, script, overrides) for rank in range(world)]
    running = [server().Process(target=_opened, args=args) for args in asked]
    for process in running:
        process.start()
    for process in running:
        process.join(120)
        process.kill()
        process.join()
    said = [(home / f"said{rank}.txt").read_text() for rank in range(world)]
    codes = [int(process.exitcode or 0) for process in running]
    return [Rank(code, text) for code, text in zip(codes, said, strict=True)]


def _opened(
    rank: int, world: int, job: str, home: Path, script: str, overrides: tuple[str, ...]
) -> None:
    import torch
    from lightning.pytorch.utilities import rank_zero_only

    os.chdir(home)
    file = os.open(f"said{rank}.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(file, 1)
    os.dup2(file, 2)
    os.environ |= {"TREMOR_ALLOW": "worlds", "TREMOR_CACHE_DIR": str(home / "cache")}
    if world > 1:
        os.environ |= {"SLURM_JOB_ID": job, "SLURM_JOB_NAME": "tremor", "SLURM_NODEID": "0"}
        os.environ |= {"SLURM_NTASKS": str(world), "SLURM_NTASKS_PER_NODE": str(world)}
        os.environ |= {"SLURM_NODELIST": "localhost"}
        os.environ |= {"SLURM_PROCID": str(rank), "SLURM_LOCALID": str(rank)}
    rank_zero_only.rank = rank
    torch.set_num_threads(1)
    sys.argv = [script, *overrides]
    runpy.run_path(str(ROOT / script), run_name="__main__")
