"""Processes that torchrun or Slurm started: the first one tells the others where the run is."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cache
from pathlib import Path

from lightning.fabric.plugins.environments import (
    ClusterEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)
from torch.distributed import DistError, TCPStore  # type: ignore[attr-defined]
from torch.distributed.distributed_c10d import PrefixStore, Store

from tremor.errors import TremorError

LAUNCHERS = (TorchElasticEnvironment, SLURMEnvironment)
START = timedelta(minutes=30)  # until all processes are there, as torch has it
LONG = timedelta(days=7)  # reading the records for the first time may take hours
PLACE = "folder"


def launcher() -> ClusterEnvironment | None:
    """What started this process beside others, if torchrun or Slurm did."""
    found = next((kind() for kind in LAUNCHERS if kind.detect()), None)
    return found if found is not None and found.world_size() > 1 else None


def attend() -> Path | None:
    """Wait for the run's folder; the first process, who will `tell` it, only opens the meeting.

    Where the first process ends before, the others learn it at once.
    """
    if _environment().global_rank() == 0:
        _store()
        return None
    try:
        return Path(_store().get(PLACE).decode())
    except (DistError, RuntimeError) as error:
        fault = "the first process has ended before the run began"
        raise TremorError(fault, remedy="its message says why") from error


def tell(folder: Path) -> None:
    """Let the others know the run's folder, where a launcher started them."""
    if launcher() is not None:
        _store().set(PLACE, str(folder))


def _environment() -> ClusterEnvironment:
    found = launcher()
    assert found is not None
    return found


@cache
def _store() -> Store:
    """A store at the address where torch meets later, apart from its own; kept until the end.

    torchrun serves one itself, which outlives a restart of the processes.
    """
    environment = _environment()
    served = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    store = TCPStore(
        environment.main_address,
        environment.main_port,
        environment.world_size(),
        is_master=environment.global_rank() == 0 and not served,
        timeout=START,
        wait_for_workers=False,
        multi_tenant=True,
    )
    store.set_timeout(LONG)
    attempt = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
    return PrefixStore(f"tremor/{attempt}", store)
