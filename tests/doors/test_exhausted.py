"""What a machine runs out of is told in a user's words."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from tremor.doors import quiet
from tremor.doors.exhausted import exhausted
from tremor.doors.shell import translated

WORKER = "DataLoader worker (pid 7) is killed by signal: Killed."


class Shot(Dataset[int]):
    """Its reader is killed."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return index


def _killed_reader() -> Any:
    return list(DataLoader(Shot(), num_workers=1))


def _no_memory() -> Any:
    return torch.empty(1 << 46)


@pytest.mark.parametrize(
    ("call", "said"),
    [(_killed_reader, "a process that reads records was killed"), (_no_memory, "memory of this")],
)
def test_what_ran_out_is_told_with_what_to_do(call: Any, said: str) -> None:
    with pytest.raises((RuntimeError, MemoryError)) as caught:
        call()
    told = translated(caught.value)
    assert said in told.problem
    assert "dataset.batch_size" in told.remedy


class Late:
    """What a loader does when it is cleared away after its reader was killed."""

    def __init__(self, error: Exception):
        self.error = error

    def __del__(self) -> None:
        raise self.error


def test_a_killed_reader_is_no_traceback_where_nobody_listens(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    monkeypatch.setattr(quiet, "OTHERS", lambda told: heard.append(told.exc_value))
    quiet.quieten()
    _ = Late(RuntimeError(WORKER))
    del _
    said = capsys.readouterr().err
    assert said == f"note     {exhausted(RuntimeError(WORKER)).problem}\n"  # type: ignore[union-attr]
    error = RuntimeError("something else")
    _ = Late(error)
    del _
    assert heard == [error]


def test_a_gpu_without_room_is_told() -> None:
    error = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
    assert "memory of the device" in translated(error).problem
