"""Whether a process that wrote down who it is still runs, and that it does: a beat in its file."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

BEAT = 60.0
"""Seconds between two signs of life."""


def birth(pid: int) -> str:
    """When a process began, in ticks of this machine's clock; nothing where one cannot look.

    After a restart another process may have the same number, but not the same birth.
    """
    fields = _fields(pid)
    return fields[19] if len(fields) > 19 else ""


def lives(pid: int, born: str = "") -> bool:
    """Whether a process of this machine is there, has not ended, and is the one that was born so.

    One that has ended, and whose parent has not noticed, is gone.
    """
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    same = not born or birth(pid) in (born, "")
    return same and _fields(pid)[:1] != ["Z"]


def _fields(pid: int) -> list[str]:
    """What the system says of a process, from its state on; nothing where it says nothing."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return []
    return status.rpartition(")")[2].split()


@contextlib.contextmanager
def repeated(act: Callable[[], None], every: float) -> Iterator[None]:
    """Meanwhile something is done again and again, `every` so many seconds, in a thread beside."""
    ended = threading.Event()

    def go() -> None:
        while not ended.wait(every):
            act()

    thread = threading.Thread(target=go, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextlib.contextmanager
def beating(path: Path, every: float = BEAT) -> Iterator[None]:
    """Touch a file again and again: however long an epoch is, others see that this one lives."""

    def beat() -> None:
        with contextlib.suppress(OSError):  # the disk's trouble is told by who writes to it
            os.utime(path)

    with repeated(beat, every):
        yield
