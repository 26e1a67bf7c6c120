"""Keep libraries from talking over the door."""

from __future__ import annotations

import logging
import warnings


def quieten() -> None:
    """Only warnings that a user can act on."""
    for name in ("lightning.pytorch", "lightning.fabric", "lightning_utilities", "wandb"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for nag in (".*does not have many workers.*", ".*number of training batches.*", ".*LeafSpec.*"):
        warnings.filterwarnings("ignore", nag)
    warnings.filterwarnings("ignore", ".*Checkpoint directory.*exists and is not empty.*")
    warnings.filterwarnings("ignore", ".*checkpoint that ended before the epoch ended.*")
    warnings.filterwarnings("ignore", ".*module.* in eval mode at the start of training.*")
    warnings.filterwarnings("ignore", ".*lr_scheduler.step.*before.*optimizer.step.*")
