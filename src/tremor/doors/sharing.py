"""Judging and explaining shared out among processes: each takes some records, the first one writes.

A run's own devices are those that it was trained on: these doors share only when they are told to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from lightning.fabric import Fabric
from lightning.fabric.strategies import DDPStrategy

from tremor.config.build import Plain
from tremor.config.overrides import key_of, swept
from tremor.doors import meeting, processes
from tremor.doors.watching import watched
from tremor.errors import Refused, TremorError

LOGGER = "logger"
KEYS = ("trainer.devices", "trainer.num_nodes", "trainer.strategy")
STRATEGIES = ("auto", "ddp")
WAYS = "trainer.devices=2 trainer.strategy=ddp"


@dataclass(frozen=True)
class Share:
    """Which of `world` processes this is; alone it takes everything and waits for nobody."""

    rank: int = 0
    world: int = 1
    gpu: int | None = None

    @property
    def first(self) -> bool:
        return self.rank == 0

    def gathered(self, own: Any) -> list[Any]:
        """What each process has, in their order; they wait for each other."""
        if self.world == 1:
            return [own]
        found: list[Any] = [None] * self.world
        torch.distributed.all_gather_object(found, own)
        return found

    def wait(self) -> None:
        """Until all are here."""
        self.gathered(None)


ALL = Share()


def deciding(overrides: Sequence[str]) -> list[str]:
    """Overrides but for those that change no number: how many processes share, who is told."""
    others = (text for text in overrides if key_of(text).partition(".")[0] != LOGGER)
    return [text for text in others if key_of(text) not in KEYS]


def _asked(overrides: Sequence[str]) -> bool:
    """Is it said how many processes share?"""
    return any(key_of(text) in KEYS for text in overrides)


@contextmanager
def shared(trainer: Plain, overrides: Sequence[str]) -> Iterator[Share]:
    """Start the other processes that were asked for here; afterwards the first one is alone."""
    processes.follow()
    if not _asked(overrides) and meeting.launcher() is None:
        yield ALL
        return
    fabric = _fabric(trainer)
    if fabric.world_size == 1 and meeting.launcher() is None:
        yield ALL
        return
    _refuse_unshared(trainer, fabric)
    try:
        with processes.started(), watched(_ended):
            fabric.launch()
            gpu = fabric.device.index if fabric.device.type == "cuda" else None
            yield Share(fabric.global_rank, fabric.world_size, gpu)
    except RuntimeError as error:
        if processes.lost(error):
            raise _ended() from error
        raise


def _ended() -> TremorError:
    fault = "another process that shared the records has ended"
    return TremorError(fault, remedy="its message says why, if it was not killed")


def refuse_shared(what: str, overrides: Sequence[str]) -> None:
    """Refuse to share what one process does."""
    if _asked(overrides) or meeting.launcher() is not None:
        fault = f"{what} is the work of one process"
        raise Refused(fault, "trainer.devices", "leave out trainer.devices and trainer.strategy")


def _fabric(trainer: Plain) -> Fabric:
    """What starts processes, each with a device of its own; they exchange little, by the CPU."""
    if trainer["strategy"] not in STRATEGIES:
        fault = f"trainer.strategy={trainer['strategy']} does not share out records here"
        raise Refused(fault, "trainer.strategy", WAYS)
    try:
        return Fabric(
            accelerator=trainer["accelerator"],
            devices=trainer["devices"],
            num_nodes=trainer["num_nodes"],
            strategy=DDPStrategy(process_group_backend="gloo", timeout=meeting.LONG),
        )
    except (ValueError, TypeError, RuntimeError) as error:
        raise Refused(f"the trainer refuses its settings: {error}", "trainer.*", WAYS) from error


def _refuse_unshared(trainer: Plain, fabric: Fabric) -> None:
    """Refuse what would give processes other work, or not as many of them."""
    if swept():
        fault = "each process of a sweep's job would go through the whole sweep"
        raise Refused(fault, "trainer.devices", "one device a job, or no -m")
    nodes = int(trainer["num_nodes"])
    processes.refuse_other_count(fabric.world_size // nodes, nodes)
