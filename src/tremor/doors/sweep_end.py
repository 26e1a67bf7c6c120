"""At the end of a sweep: the folds of a cross-validation are collected by themselves.

Hydra makes this object before anything else: nothing here loads torch until a sweep has ended.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from tremor.config.overrides import is_sweep, key_of
from tremor.errors import TremorError

FOLD = "dataset.fold"


class CollectFolds(Callback):
    """Collects a sweep over `dataset.fold` into one page; the sweep ends as it would without."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """Collect the sweep's folder where its fold was varied, and say what came of it."""
        typed = map(str, config.hydra.overrides.task)
        if any(key_of(text) == FOLD and is_sweep(text) for text in typed):
            collect_folds(Path(str(config.hydra.sweep.dir)))


def collect_folds(sweep: Path) -> None:
    """Write `<sweep>/folds/`; what keeps folds from being collected is said, and no error."""
    from tremor.doors.shell import translated

    try:
        _collect(sweep)
    except Exception as error:
        fault = error if isinstance(error, TremorError) else translated(error)
        print(f"\nthe folds were not collected: {fault.problem}", file=sys.stderr)
        print(f"remedy: {fault.remedy}; then python scripts/folds.py {sweep}", file=sys.stderr)


def _collect(sweep: Path) -> None:
    from tremor.doors.echo import console, near, say
    from tremor.evaluation.folds import collect, sentences
    from tremor.report.folds import write
    from tremor.report.folds_tables import terminal

    found = collect([sweep])
    write(found, sweep / "folds", replace=True)
    for one in found.made:
        say(f"\nfolds    {one.name}, seed {one.seed}: {len(one.runs)} folds pooled")
        for sentence in (*found.leaks, *sentences(one)):
            say(f"• {sentence}")
        console.print(terminal(one))
    say(f"report   {near(sweep / 'folds' / 'folds.html')}")
