"""Several processes, one run: the first one tells, writes and judges; the others only train."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import lightning
import torch
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException

from tremor.config.build import Plain
from tremor.doors import meeting
from tremor.doors.watching import watched
from tremor.errors import FAULT, Refused, TremorError
from tremor.files import write_whole
from tremor.training import loggers
from tremor.training.measured import ALONE

FOLDER, PARENT = "TREMOR_RUN_FOLDER", "TREMOR_PARENT"
LEFT = ("MASTER_ADDR", "MASTER_PORT", "NODE_RANK", "LOCAL_RANK", "WORLD_SIZE")
"""What Lightning leaves in the environment when it has started other processes."""
MOMENT = 3.0
"""How long a process waits for what another one has to say of its failure [s]."""


ONWARD = "resume={} goes on from its latest checkpoint, if there is one"


class Lost(TremorError):
    """Another process has ended, and this one with it."""


def first() -> bool:
    """Is this the process that speaks for the run?"""
    return int(rank_zero_only.rank or 0) == 0


def given_folder() -> Path | None:
    """The run folder that the first process claimed, for the others: they wait for it."""
    if meeting.launcher():
        return meeting.attend()
    if first():
        return None
    if FOLDER not in os.environ:
        raise Refused(
            "this process was started by another launcher, which does not tell the run's folder",
            "trainer.devices",
            "start one process: it starts the others (trainer.devices=2 trainer.strategy=ddp), "
            "or let torchrun or srun start them",
        )
    follow()
    return Path(os.environ[FOLDER])


def follow() -> None:
    """End with the process that started this one, however it ends: nobody is left behind."""
    parent = os.environ.get(PARENT)
    if parent is not None:
        threading.Thread(target=_followed, args=(int(parent),), daemon=True).start()


def _followed(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os._exit(FAULT)


def refuse_other_count(devices: int, nodes: int) -> None:
    """A launcher starts a process for each device; several machines need one."""
    launcher, count = meeting.launcher(), devices * nodes
    if launcher is None and nodes > 1:
        fault = f"trainer.num_nodes={nodes}, and nothing starts processes there"
        remedy = "start them by torchrun --nnodes … or by srun (docs/devices.md)"
        raise Refused(fault, "trainer.num_nodes", remedy)
    if launcher is not None and launcher.world_size() != count:
        started = launcher.world_size()
        fault = f"{started} processes were started, for trainer.devices x num_nodes = {count}"
        remedy = f"trainer.devices={started // nodes} trainer.strategy=ddp"
        raise Refused(fault, "trainer.devices", remedy)


@contextmanager
def told_of(folder: Path) -> Iterator[None]:
    """Processes started meanwhile learn the run's folder; afterwards this one is alone again."""
    told = {FOLDER: str(folder)} if first() and not meeting.launcher() else {}
    try:
        with started(told), watched(lambda: _noted(folder)):
            yield
    except (ProcessRaisedException, ProcessExitedException) as error:
        fault = f"process {error.error_index} failed: {_reason(error.msg)}"
        raise Lost(fault, str(folder), ONWARD.format(folder)) from error
    except RuntimeError as error:
        if lost(error):
            raise blamed(folder) from error
        raise


def _noted(folder: Path) -> Lost:
    """As `blamed`, left in the run folder by a process that will not come to its own end."""
    error = blamed(folder)
    write_whole(folder / own_name("traceback.txt"), f"{error}\n")
    return error


@contextmanager
def started(told: Mapping[str, str] | None = None) -> Iterator[None]:
    """Others may be started meanwhile, `told` this by their environment; it is as before then."""
    before, others = dict(os.environ), multiprocessing.active_children()
    given = {PARENT: str(os.getpid())} | dict(told or {})
    given["HYDRA_FULL_ERROR"] = os.environ.get("TREMOR_TRACEBACK", "0")  # as the user set it
    os.environ.update(given)
    try:
        yield
    finally:
        _dismiss([each for each in multiprocessing.active_children() if each not in others])
        for name in {*LEFT, *given}:
            os.environ.pop(name, None)
            os.environ.update({name: before[name]} if name in before else {})
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def _dismiss(children: Sequence[BaseProcess]) -> None:
    """End processes that were forked or spawned and train on, for all that has happened here."""
    left = [child for child in children if not child.daemon]
    for child in left:
        child.terminate()
    for child in left:
        child.join(MOMENT)
        child.kill()


def lost(error: RuntimeError) -> bool:
    """Does an error say that another process has gone?"""
    return isinstance(error, torch.distributed.DistError) or "gloo" in str(error)


def blamed(folder: Path) -> Lost:
    """Which process failed, by the traceback that it leaves in the run folder."""
    until = time.monotonic() + MOMENT
    while time.monotonic() < until:
        for place in sorted(folder.glob("*traceback.txt")):
            text = place.read_text().strip()
            if Lost.__name__ not in text:
                who = place.name.removesuffix("traceback.txt").strip("_") or "rank0"
                said = f"process {who.removeprefix('rank')} failed: {_reason(text)}"
                return Lost(said, str(place), "that file holds the whole traceback")
        time.sleep(0.1)
    fault = "another process of this run has ended: by its own message, killed, or out of memory"
    return Lost(fault, str(folder), ONWARD.format(folder))


def _reason(text: str) -> str:
    """What a traceback says at its end; of an error that is told in several lines the first."""
    lines = [line for line in text.strip().splitlines() if line.strip()]
    told = [line.partition(": error: ")[2] for line in lines if ": error: " in line]
    return told[-1] if told else lines[-1].strip()


def own_name(name: str) -> str:
    """A file name for each process: the first one's is the plain one."""
    return name if first() else f"rank{rank_zero_only.rank}_{name}"


def alone(trainer: Plain, gpu: int | None = None) -> Plain:
    """Trainer settings for judging: one device (or this GPU), and each of its records once."""
    devices = {} if gpu is None else {"devices": [gpu]}
    return trainer | ALONE | devices | {"enable_checkpointing": False}


def batch_line(trainer: lightning.Trainer, size: int) -> str:
    """How many records a step of the optimiser sees: `8 records x 2 devices = 16 a step`."""
    parts = {
        "devices": trainer.num_devices,
        "machines": trainer.num_nodes,
        "batches accumulated": trainer.accumulate_grad_batches,
    }
    times = [f" x {count} {what}" for what, count in parts.items() if count > 1]
    total = size * trainer.num_devices * trainer.num_nodes * trainer.accumulate_grad_batches
    return f"{size} records{''.join(times)}{f' = {total}' if times else ''} a step"


def closing(mirrors: list[Logger], code: int) -> None:
    """End the loggers, in the process that speaks for the run; others let it speak first."""
    if first():
        loggers.close(mirrors, code)
    elif code:
        parent, until = os.getppid(), time.monotonic() + MOMENT
        while os.getppid() == parent and time.monotonic() < until:
            time.sleep(0.1)
