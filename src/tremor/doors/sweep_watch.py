"""While jobs run, wherever they run: one line on the terminal for each that ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tremor.alive import repeated
from tremor.errors import visible
from tremor.evaluation.swept import score_of
from tremor.evaluation.swept_words import number_said, values_said
from tremor.training.sweep_folder import (
    DONE,
    ENDED,
    PRUNED,
    STATE,
    Job,
    State,
    Sweep,
    state_of,
    written_state,
)

PAUSE = 0.5
"""Seconds between looks at the folders."""


@contextmanager
def watching(sweep: Sweep | None, jobs: Sequence[Job], before: int, of: int) -> Iterator[None]:
    """Tell of each of these jobs as it ends, with how many have by then, and of how many."""
    if sweep is None:
        yield
        return
    stream = sys.stdout
    left = {job.number: job for job in jobs}

    def look(ask: Callable[[Path], State]) -> None:
        for number, job in list(left.items()):
            state = ask(sweep.place(job))
            if state.state in ENDED:
                del left[number]
                count = f"{before + len(jobs) - len(left)}/{of}"
                said = visible(line(sweep, job, state))
                print(f"{count}  {said}", file=stream, flush=True)

    for job in jobs:  # what an earlier attempt left is not how this one ends
        (sweep.place(job) / STATE).unlink(missing_ok=True)
    try:
        # one that is queued again has been silent, and is not gone
        with repeated(lambda: look(written_state), PAUSE):
            yield
    finally:
        look(state_of)


def line(sweep: Sweep, job: Job, state: State) -> str:
    """`job 3 done in 40 s: val/loss 0.412  seed=1`: what one job came to."""
    values = values_said(job.values)
    how = f"job {job.number} {state.state}"
    if state.seconds is not None:
        how += f" in {state.seconds:.0f} s"
    if state.state in (DONE, PRUNED):
        score = score_of(sweep.place(job), job)
        said = f"{job.monitor} {number_said(score)}" if score is not None else ""
    else:
        said = next(iter(state.problem.splitlines()), "")[:160]
    return "  ".join(part for part in (f"{how}: {said}" if said else how, values) if part)
