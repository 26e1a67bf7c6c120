"""Doors in processes of their own, forked from one that has loaded torch: they start at once."""

from __future__ import annotations

import contextlib
import os
import runpy
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIMIT = 300.0
"""Seconds after which a door counts as hanging."""
Before = Callable[[], None]


@dataclass(frozen=True)
class Ended:
    """How a door ended: exit code, or minus the signal that killed it; its words; seconds."""

    code: int
    said: str
    took: float

    @property
    def unclear(self) -> bool:
        """Whether it ended with anything but a message made for its user."""
        signs = ("Traceback (most recent", "HYDRA_FULL_ERROR=1 shows")
        return self.code > 0 and (any(s in self.said for s in signs) or "error:" not in self.said)


def load() -> None:
    """Import what every door needs, so that children have it."""
    import torch

    torch.set_num_threads(1)
    os.environ |= {"TREMOR_ALLOW": "worlds", "MPLBACKEND": "agg", "OMP_NUM_THREADS": "1"}
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

    import tremor.doors.evaluate
    import tremor.doors.explain
    import tremor.doors.train  # noqa: F401


def opened(home: Path, words: Sequence[str], before: Before | None = None) -> int:
    """Start a door in a folder; returns its process. `before` runs in it first."""
    home.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        os.setsid()
        os.chdir(home)
        said = os.open(_said(home, os.getpid()), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        os.dup2(said, 1)
        os.dup2(said, 2)
        os.environ["TREMOR_CACHE_DIR"] = str(home / "cache")
        sys.argv = list(words)
        if before:
            before()
        code = _through(words[0])
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _said(home: Path, process: int) -> Path:
    """Where a door's words go: outside of the folder that is looked at."""
    return home.parent / f"said-{home.name}-{process}"


def _through(script: str) -> int:
    try:
        runpy.run_path(str(ROOT / script), run_name="__main__")
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def wait(home: Path, process: int, began: float, limit: float = LIMIT) -> Ended:
    """Until it ends; one that hangs is killed, and its code says so."""
    until = time.monotonic() + limit
    while True:
        done, status = os.waitpid(process, os.WNOHANG)
        if done:
            break
        if time.monotonic() > until:
            os.killpg(process, signal.SIGKILL)
            os.waitpid(process, 0)
            status = 124 << 8
            break
        time.sleep(0.005)
    told = _said(home, process)
    said = told.read_text(errors="replace") if told.exists() else ""  # killed before its first word
    told.unlink(missing_ok=True)
    return Ended(os.waitstatus_to_exitcode(status), said, time.monotonic() - began)


def run(home: Path, *words: str, before: Before | None = None) -> Ended:
    """A door, to its end."""
    began = time.monotonic()
    return wait(home, opened(home, words, before), began)


def killed(home: Path, words: Sequence[str], after: float, sign: signal.Signals) -> Ended:
    """A door that gets a signal so many seconds after its start, unless it has ended by then."""
    began = time.monotonic()
    process = opened(home, words)
    while time.monotonic() - began < after and not _ended(process):
        time.sleep(0.001)
    with contextlib.suppress(ProcessLookupError):  # it has ended
        os.kill(process, sign)
    return wait(home, process, began)


def _ended(process: int) -> bool:
    return os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
