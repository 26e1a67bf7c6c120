"""Keep libraries from talking over the door."""

from __future__ import annotations

import logging
import sys
import warnings

from tremor.doors.exhausted import exhausted

OTHERS = sys.unraisablehook


def quieten() -> None:
    """Only warnings that a user can act on."""
    sys.unraisablehook = _briefly
    for name in ("lightning.pytorch", "lightning.fabric", "lightning_utilities", "wandb"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for nag in (".*does not have many workers.*", ".*number of training batches.*", ".*LeafSpec.*"):
        warnings.filterwarnings("ignore", nag)
    warnings.filterwarnings("ignore", ".*Checkpoint directory.*exists and is not empty.*")
    warnings.filterwarnings("ignore", ".*checkpoint that ended before the epoch ended.*")
    warnings.filterwarnings("ignore", ".*module.* in eval mode at the start of training.*")
    warnings.filterwarnings("ignore", ".*lr_scheduler.step.*before.*optimizer.step.*")


def _briefly(told: sys.UnraisableHookArgs) -> None:
    """A killed reader is told of where it ends the run; where it ends none, in a line."""
    error = told.exc_value
    if meaning := isinstance(error, Exception) and exhausted(error):
        print(f"note     {meaning.problem}", file=sys.stderr)
    else:
        OTHERS(told)
