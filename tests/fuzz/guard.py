"""What no case may do: run anything, write outside its folder, hang, or take memory without end."""

from __future__ import annotations

import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

SECONDS = 5.0
MEMORY = 1 << 30  # bytes of address space that all cases of a process may take together
RUNS = {
    *("os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "os.forkpty", "os.kill"),
    *("subprocess.Popen", "pty.spawn", "socket.connect", "socket.getaddrinfo", "socket.bind"),
    *("pickle.find_class", "webbrowser.open", "urllib.Request", "ctypes.dlopen"),
}
"""What Python tells of when a program is run, a connection made, or a pickled name looked up."""
CHANGES = {"os.remove", "os.rename", "os.rmdir", "os.truncate", "os.chmod", "os.link", "os.symlink"}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


class Hung(BaseException):
    """A case took too long; no reader can catch it."""


class Did(BaseException):
    """A case did what no data may do; no reader can catch it."""


class _Watch:
    """What is watched for in this process; a hook cannot be taken away again."""

    home: Path | None = None
    did: str = ""
    hooked = False


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if _Watch.home is None or _Watch.did:
        return
    if event in RUNS and (event, arguments[1:]) != ("os.kill", (0,)):  # 0 only asks
        _Watch.did = f"{event} {arguments!r}"[:200]
    elif event == "open" and isinstance(arguments[0], str | bytes) and arguments[2] & WRITING:
        _outside(event, arguments[0])
    elif event in CHANGES and isinstance(arguments[0], str | bytes | os.PathLike):
        _outside(event, arguments[0], arguments[-1])
    if _Watch.did:
        raise Did(_Watch.did)


def _outside(event: str, path: Any, at: Any = -1) -> None:
    """Note a change outside of the folder; `at` is the open folder that a path begins from."""
    known = isinstance(at, int) and at >= 0
    base = os.readlink(f"/proc/self/fd/{at}") if known else ""
    place = os.path.realpath(os.path.join(base, os.fsdecode(path)))
    if not place.startswith((f"{_Watch.home}{os.sep}", "/dev/null")):
        _Watch.did = f"{event} {place}"


def _late(number: int, frame: FrameType | None) -> None:
    raise Hung(f"more than {SECONDS:g} s")


@contextmanager
def guarded(home: Path, seconds: float = SECONDS) -> Iterator[None]:
    """Run one case, which may only write below `home` (resolved), for so long at most."""
    if not _Watch.hooked:
        sys.addaudithook(_heard)
        _Watch.hooked = True
    before = signal.signal(signal.SIGALRM, _late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    _Watch.home, _Watch.did = home, ""
    try:
        yield
        if _Watch.did:  # some library may have caught it
            raise Did(_Watch.did)
    finally:
        _Watch.home = None
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def bounded(more: int = MEMORY) -> None:
    """From now on this process may take so many bytes more, even if it does not use them."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + more
    resource.setrlimit(resource.RLIMIT_AS, (limit, resource.getrlimit(resource.RLIMIT_AS)[1]))


def peak() -> int:
    """The most that this process has had in memory (bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
