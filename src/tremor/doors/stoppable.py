"""SIGTERM, by which queues and systems end a process, ends a door as Ctrl-C does."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def stoppable() -> Iterator[None]:
    """What is open is then closed, what is half-written removed, and the user told what is next.

    Processes forked meanwhile end at once, as ever; who handles the signal already, keeps doing so.
    """
    here, before = os.getpid(), signal.getsignal(signal.SIGTERM)
    main = threading.current_thread() is threading.main_thread()
    if before != signal.SIG_DFL or not main:
        yield
        return

    def stop(number: int, _: Any) -> None:
        if os.getpid() == here:
            raise KeyboardInterrupt
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
