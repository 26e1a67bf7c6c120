"""A job that is one trial of an adaptive sweep: the callback that may end it early."""

from __future__ import annotations

import json
from pathlib import Path

from lightning.pytorch.callbacks import Callback

from tremor.config.build import Plain
from tremor.doors.sweep_job import settings
from tremor.training.sweep_folder import PRUNED_NOTE


def pruning(config: Plain, folder: Path) -> list[Callback]:
    """The callback that reports a trial's epochs and prunes it, if this job is a trial."""
    given = settings()
    if given is None or given.get("trial") is None or not given.prune:
        return []
    from tremor.doors.study_of_trials import Study
    from tremor.training.pruning import Pruning

    trial = Study.joined(given).trial(given.trial)
    return [Pruning(trial, config["train"]["monitor"], folder)]


def pruned(folder: Path) -> str:
    """What is said of a run that was pruned, or nothing."""
    note = folder / PRUNED_NOTE
    if not note.exists():
        return ""
    told = json.loads(note.read_text(encoding="utf-8"))
    said = f"{told['monitor']} {told['value']:.4g} is behind the trials before it"
    return f"\npruned after epoch {told['epoch']}: {said}; it is not judged"
