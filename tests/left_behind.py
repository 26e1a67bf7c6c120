"""What a process leaves that is killed while it writes."""

from __future__ import annotations

import multiprocessing
import os
import signal
from pathlib import Path

from tremor.files import whole_file


def left_behind(path: Path) -> Path:
    """The half-written file of a process that was killed before `path` was whole."""
    before = set(path.parent.iterdir())
    killed = multiprocessing.get_context("fork").Process(target=_die_writing, args=(path,))
    killed.start()
    killed.join()
    (left,) = set(path.parent.iterdir()) - before
    return left


def _die_writing(path: Path) -> None:
    with whole_file(path) as scratch:
        scratch.write_bytes(b"half")
        os.kill(os.getpid(), signal.SIGKILL)
