"""The training door: compose, check, build, fit, judge, report."""

from __future__ import annotations

import time
from dataclasses import replace

from omegaconf import DictConfig

from tremor.doors import processes
from tremor.doors.beginning import begun, resumed
from tremor.doors.checking import command
from tremor.doors.dry_run import rehearse_run
from tremor.doors.echo import say
from tremor.doors.ending import conclude_run, farewell
from tremor.doors.fitting import describe, fit, task_of
from tremor.doors.mirrors import mirrored
from tremor.doors.quiet import quieten
from tremor.doors.run import about, callbacks_of
from tremor.doors.sweep_job import unfinished
from tremor.doors.sweep_trial import pruned


def train(composed: DictConfig) -> None:
    """Train, judge on the test part, report; everything lands in one run folder."""
    began = time.monotonic()
    quieten()
    typed = command()
    if cut_off := unfinished(typed.folder):
        run, data = resumed(cut_off, replace(typed, overrides=[]))
    elif composed.get("resume"):
        run, data = resumed(str(composed["resume"]), typed)
    else:
        run, data = begun(composed, typed)
    task = task_of(run, data)
    if processes.first():
        describe(run, data, task)
    if run.dry:
        if processes.first():
            each = callbacks_of(run)
            rehearse_run(run.config, task, data.module, each, run.folder, run.overrides)
        return
    with mirrored(about(run, task.card["provenance"])) as mirrors:
        with processes.told_of(run.folder):
            steps = fit(run, data, task, mirrors)
        if not processes.first():
            return
        if said := pruned(run.folder):
            say(said)
            return
        conclude_run(run, data, task, mirrors, steps)
    farewell(run, time.monotonic() - began)
