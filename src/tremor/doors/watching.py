"""A process that this one has started fails: the run ends soon, whatever this one waits for."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from lightning.fabric.strategies.launchers import subprocess_script as of_fabric
from lightning.pytorch.strategies.launchers import subprocess_script as of_trainer

from tremor.errors import FAULT, TremorError

Others = list[subprocess.Popen[bytes]]
OBSERVER = "_launch_process_observer"
LOOKS = 0.5  # s from one look at the others to the next
GRACE = 10.0  # s in which this process may come to its end by itself


class Watch:
    """Looks after the processes that Lightning starts, until this one is `over` and alone again.

    This process mostly learns of a failure itself, from an exchange that breaks. Where it does not
    (they have not met yet, or a GPU waits), it is ended here with the error that `tell` gives.
    """

    def __init__(self, tell: Callable[[], TremorError]):
        self.tell, self.over = tell, threading.Event()

    def start(self, others: Others) -> None:
        """Begin to look, beside whatever else is done."""
        threading.Thread(target=self._look, args=(others,), daemon=True).start()

    def _look(self, others: Others) -> None:
        while not self.over.wait(LOOKS):
            codes = [other.poll() for other in others]
            if any(codes) and not self.over.wait(GRACE):
                self._end(others)
            if None not in codes:
                return

    def _end(self, others: Others) -> None:
        for other in others:
            other.kill()
        print(self.tell(), file=sys.stderr, flush=True)
        os._exit(FAULT)


@contextmanager
def watched(tell: Callable[[], TremorError]) -> Iterator[None]:
    """Watch over the processes that are started meanwhile.

    Lightning's own observer kills this process at once and without a word, sometimes before it
    could say who has failed.
    """
    watch = Watch(tell)
    before = [(module, getattr(module, OBSERVER)) for module in (of_fabric, of_trainer)]
    for module, _ in before:
        setattr(module, OBSERVER, watch.start)
    try:
        yield
    finally:
        watch.over.set()
        for module, observer in before:
            setattr(module, OBSERVER, observer)
