"""The guard of the fuzzers itself: what runs, hangs, writes elsewhere or crashes is found out."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from fuzz import guard
from fuzz.batch import Batch
from fuzz.campaign import Campaign, batches
from fuzz.mutate import mutated
from fuzz.reader import Reader
from fuzz.trial import Bench, Case
from tremor.errors import Refused


def swallowed() -> None:
    """What a careless library does: it catches all that it can."""
    with contextlib.suppress(Exception):
        os.system("true")


def refused() -> None:
    raise Refused("no")


def evil() -> None:
    pickle.loads(b"cos\nsystem\n(S'true'\ntR.")


BAD: dict[str, tuple[Callable[[], Any], str]] = {
    "runs": (lambda: subprocess.run(["true"]), "subprocess.Popen"),
    "runs and is swallowed": (swallowed, "os.system"),
    "unpickles": (evil, "pickle.find_class"),
    "writes": (lambda: Path("/tmp/fuzz-was-here").write_text("x"), "open /tmp"),
    "removes": (lambda: os.remove("/tmp/fuzz-was-here"), "os.remove"),
    "ends": (lambda: exit(3), "SystemExit"),
    "breaks": (lambda: {}["x"], "KeyError"),
}


def reader(act: Callable[[], Any]) -> Reader:
    return Reader("x", lambda: {"one": {"x.txt": b"12 34"}}, lambda folder: act())


@pytest.mark.parametrize("name", BAD)
def test_what_no_data_may_do_is_a_fault(name: str, tmp_path: Path) -> None:
    act, said = BAD[name]
    outcome = Bench(reader(act), tmp_path).tried(Case("x", "one", {}))
    assert outcome.kind == "fault"
    assert said in outcome.said
    assert not Path("/tmp/fuzz-was-here").exists()


def test_values_and_refusals_are_none(tmp_path: Path) -> None:
    kinds = [
        Bench(reader(act), tmp_path).tried(Case("x", "one", {})).kind for act in (int, refused)
    ]
    assert kinds == ["value", "refused"]


def test_a_hang_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless() -> None:
        while True:
            try:
                time.sleep(0.01)
            except Exception:
                continue

    monkeypatch.setattr(guard, "SECONDS", 0.1)
    with pytest.raises(guard.Hung), guard.guarded(tmp_path, 0.1):
        endless()


def test_a_campaign_outlives_processes_that_die_and_keeps_what_killed_them(tmp_path: Path) -> None:
    """Some inputs kill their process, some take memory without end; the others are counted."""

    def act(folder: Path) -> Any:
        text = (folder / "x.txt").read_bytes()
        if text.startswith(b"DIE"):
            os._exit(9)
        return np.ones(1 << 33) if text.startswith(b"BIG") else None

    def change(name: str, data: bytes, rng: Random) -> bytes:
        return rng.choice((b"BIG", b"DIE", mutated(data, rng), data, data))

    broken = Reader("x", lambda: {"one": {"x.txt": b"12 34"}}, act, change=change)
    campaign = Campaign(tmp_path / "kept", tmp_path / "scratch", processes=1)
    campaign.run(batches([broken], 10, 0), lambda text: None, 10)
    told = campaign.told["x"]
    assert told.cases == 10
    said = [outcome.said for _, outcome in told.found.values() if outcome.kind == "fault"]
    assert any("the process died" in text for text in said)
    assert any("MemoryError" in text for text in said)
    kept = [path.read_bytes() for path in (tmp_path / "kept" / "failing").rglob("x.txt")]
    assert {b"BIG", b"DIE"} <= {*kept}


def test_a_case_is_decided_by_seed_and_number(tmp_path: Path) -> None:
    def made(seed: int) -> list[dict[str, bytes]]:
        batch, bench = Batch(reader(int), seed, 0, 5), Bench(reader(int), tmp_path)
        return [batch._next(bench, [], Random(f"{seed} x {n}")).files for n in range(5)]

    assert made(1) == made(1) != made(2)
