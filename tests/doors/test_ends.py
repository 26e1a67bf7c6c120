"""Several processes: one that fails, or is asked to stop, ends the whole run soon and tellingly."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
from lightning.fabric.strategies.launchers import subprocess_script as of_fabric
from lightning.pytorch.strategies.launchers import subprocess_script as of_trainer
from torch.multiprocessing import ProcessRaisedException

from tremor.doors import processes, watching
from tremor.errors import STOPPED, TremorError
from tremor.training.stopping import StopTogether


def test_a_process_that_is_stuck_ends_with_the_one_that_failed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All that were started are killed, and the reason is told; a word of one is no failure."""

    def end(code: int) -> NoReturn:
        raise SystemExit(code)

    for name, seconds in (("LOOKS", 0.001), ("GRACE", 0.002)):
        monkeypatch.setattr(watching, name, seconds)
    monkeypatch.setattr(watching.os, "_exit", end)
    looks, killed = iter((None, None, 3)), []  # type: Any, list[str]
    failed = SimpleNamespace(poll=lambda: next(looks), kill=lambda: killed.append("failed"))
    stuck = SimpleNamespace(poll=lambda: None, kill=lambda: killed.append("stuck"))
    others: Any = [failed, stuck]
    with pytest.raises(SystemExit) as ended:
        watching.Watch(lambda: TremorError("process 1 has failed"))._look(others)
    assert (ended.value.code, killed) == (1, ["failed", "stuck"])
    assert capsys.readouterr().err == "error: process 1 has failed\n"
    assert next(looks, "all seen") == "all seen"


def test_what_ends_by_itself_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "LOOKS", 0.001)
    ended = threading.Event()
    monkeypatch.setattr(watching.Watch, "_end", lambda *_: ended.set())
    before = of_trainer._launch_process_observer
    other: Any = SimpleNamespace(poll=lambda: 1)
    with watching.watched(lambda: TremorError("never said")):
        assert of_trainer._launch_process_observer is not before
        assert of_trainer._launch_process_observer == of_fabric._launch_process_observer
        of_trainer._launch_process_observer([other])
    assert of_trainer._launch_process_observer is before
    assert not ended.wait(0.1)


def test_who_failed_is_told_by_the_last_line_or_by_its_problem(tmp_path: Path) -> None:
    raised = ProcessRaisedException("\n-- Process 1\nTraceback\nRuntimeError: boom\n", 1, 7)
    with (
        pytest.raises(processes.Lost, match="process 1 failed: RuntimeError: boom"),
        processes.told_of(tmp_path),
    ):
        raise raised
    lines = "Traceback\ntremor.errors.TremorError: error: stopped\nwhere: here\nremedy: go on\n"
    (tmp_path / "rank3_traceback.txt").write_text(lines)
    assert processes.blamed(tmp_path).problem == "process 3 failed: stopped"


def test_a_signal_to_one_process_stops_all_after_the_batch(tmp_path: Path) -> None:
    """What the others were asked is heard from the strategy; one process keeps its own way."""
    before = signal.getsignal(signal.SIGTERM)
    heard: list[bool] = []

    def agreed(own: bool, all: bool) -> bool:
        heard.append(own)
        return own

    strategy = SimpleNamespace(reduce_boolean_decision=agreed)
    trainer, module = SimpleNamespace(world_size=2, strategy=strategy), SimpleNamespace()
    stop: Any = StopTogether(tmp_path)
    try:
        stop.on_train_start(trainer, module)
        stop.on_train_batch_end(trainer)
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(TremorError, match="stopped") as told:
            stop.on_train_batch_end(trainer)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (told.value.code, heard) == (STOPPED, [False, True])
    assert "no epoch was finished" in told.value.remedy
    alone: Any = SimpleNamespace(world_size=1)
    stop.on_train_start(alone, module)
    stop.on_train_batch_end(alone)
    assert signal.getsignal(signal.SIGTERM) == before
