"""One job of a sweep, in whatever process it runs: its share of threads, its output, its state."""

from __future__ import annotations

import contextlib
import os
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig

from tremor.alive import beating
from tremor.errors import REFUSED, STOPPED, TremorError
from tremor.files import write_whole
from tremor.training import sweep_folder
from tremor.training.sweep_folder import State, put_state

CODES = {REFUSED: sweep_folder.REFUSED, STOPPED: sweep_folder.STOPPED}
LAST = Path("checkpoints") / "last.ckpt"


def settings() -> Any | None:
    """What the sweep tells this job, or `None` for a run of its own."""
    if not HydraConfig.initialized():
        return None
    sweeper = HydraConfig.get().sweeper
    return sweeper if sweeper.get("job") is not None else None


def place() -> Path | None:
    """The folder where this job keeps its record, if it is one of a recorded sweep."""
    return None if settings() is None else Path(HydraConfig.get().runtime.output_dir)


def share_threads() -> None:
    """Use as many threads as the sweep gives each of its jobs, in torch and in what it starts."""
    given = settings()
    if given is None or given.threads is None:
        return
    import torch

    os.environ |= {"OMP_NUM_THREADS": str(given.threads), "MKL_NUM_THREADS": str(given.threads)}
    torch.set_num_threads(given.threads)


def kept(folder: Path, attempt: Callable[[], TremorError | None]) -> TremorError | None:
    """Attempt a job and keep its output and its state in its folder; returns what went wrong."""
    if not _first():
        share_threads()
        return attempt()
    make_way(folder)
    began = time.monotonic()
    put_state(folder, State.running())
    with beating(folder / sweep_folder.STATE), _output(folder):
        share_threads()
        told = attempt()
    put_state(folder, _final(folder, told, round(time.monotonic() - began, 1)))
    return told


def _first() -> bool:
    """Of the processes of one job, is this the one that keeps its record?"""
    ranks = (os.environ.get(name) for name in ("RANK", "SLURM_PROCID", "LOCAL_RANK"))
    return int(next((rank for rank in ranks if rank), "0")) == 0


def make_way(folder: Path) -> None:
    """What an earlier attempt left and cannot be gone on with is moved aside; nothing is lost."""
    (folder / sweep_folder.PRUNED_NOTE).unlink(missing_ok=True)
    (folder / sweep_folder.TRACEBACK).unlink(missing_ok=True)
    if (folder / LAST).exists() or not (folder / "checkpoints").exists():
        return
    number = next(n for n in range(1, 1000) if not _aside(folder, n).exists())
    folder.rename(_aside(folder, number))
    folder.mkdir()


def _aside(folder: Path, number: int) -> Path:
    return folder.with_name(f"{folder.name}_attempt{number}")


def unfinished(folder: Path | None) -> str | None:
    """The folder of this very job if an earlier attempt left a whole epoch there: it goes on."""
    mine = place()
    return str(mine) if mine is not None and folder == mine and (mine / LAST).exists() else None


def _final(folder: Path, told: TremorError | None, seconds: float) -> State:
    """The state of a job that has ended; its traceback is written if the run did not."""
    if told is None:
        pruned = (folder / sweep_folder.PRUNED_NOTE).exists()
        return State(sweep_folder.PRUNED if pruned else sweep_folder.DONE, seconds)
    kept_at = folder / sweep_folder.TRACEBACK
    if not kept_at.exists():
        write_whole(kept_at, "".join(traceback.format_exception(told)))
    state = CODES.get(told.code, sweep_folder.FAILED)
    return State(state, seconds, told.problem, told.where, told.remedy, kept_at.name)


@contextlib.contextmanager
def _output(folder: Path) -> Iterator[None]:
    """What the job says goes to output.txt, where the sweep is quiet."""
    given = settings()
    if given is None or not given.quiet:
        yield
        return
    with (
        (folder / sweep_folder.OUTPUT).open("a", buffering=1, encoding="utf-8") as file,
        contextlib.redirect_stdout(file),
        contextlib.redirect_stderr(file),
    ):
        yield
