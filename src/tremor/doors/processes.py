"""Several processes, one run: the first one tells, writes and judges; the others only train."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only

from tremor.config.build import Plain
from tremor.errors import Refused
from tremor.training import loggers

FOLDER = "TREMOR_RUN_FOLDER"
ALONE = {"devices": 1, "num_nodes": 1, "strategy": "auto"}


def first() -> bool:
    """Is this the process that speaks for the run?"""
    return int(rank_zero_only.rank or 0) == 0


def given_folder() -> Path | None:
    """The run folder that the first process claimed, for the others."""
    if first():
        return None
    if FOLDER not in os.environ:
        raise Refused(
            "this process was started by another launcher, which does not tell the run's folder",
            "trainer.devices",
            "start one process: it starts the others (trainer.devices=2 trainer.strategy=ddp)",
        )
    return Path(os.environ[FOLDER])


@contextmanager
def told_of(folder: Path) -> Iterator[None]:
    """Processes started meanwhile learn the run's folder; afterwards this one is alone again."""
    if first():
        os.environ[FOLDER] = str(folder)
    try:
        yield
    finally:
        if first():
            os.environ.pop(FOLDER, None)
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def own_name(name: str) -> str:
    """A file name for each process: the first one's is the plain one."""
    return name if first() else f"rank{rank_zero_only.rank}_{name}"


def alone(trainer: Plain) -> Plain:
    """Trainer settings for judging: one process sees every record, and each of them once."""
    return trainer | ALONE | {"enable_checkpointing": False}


def closing(mirrors: list[Logger], failed: bool) -> None:
    """End the loggers, in the process that speaks for the run."""
    if first():
        loggers.close(mirrors, failed)
