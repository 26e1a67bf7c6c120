"""Some hundred cases of one reader in a process of their own, and what came of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random
from typing import Any

from fuzz.guard import bounded, peak
from fuzz.reader import Files, Reader
from fuzz.trial import Bench, Case, Outcome

GROWN = 0.3  # share of cases that are made of earlier ones which ended in a way of their own


@dataclass
class Told:
    """What came of some cases: how many ended how, the slowest (s), the most memory (bytes)."""

    cases: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_number: int = -1
    memory: int = 0
    found: dict[str, tuple[Case, Outcome]] = field(default_factory=dict)

    def note(self, number: int, case: Case, outcome: Outcome) -> bool:
        """Take note of a case; whether none before it ended in that way."""
        self.cases += 1
        self.kinds[outcome.kind] += 1
        self.seconds += outcome.seconds
        if outcome.seconds > self.slowest:
            self.slowest, self.slowest_number = outcome.seconds, number
        fresh = outcome.mark not in self.found
        if fresh:
            self.found[outcome.mark] = (case, outcome)
        return fresh

    def join(self, other: Told) -> None:
        """Add what came of others."""
        self.cases += other.cases
        self.kinds += other.kinds
        self.seconds += other.seconds
        self.memory = max(self.memory, other.memory)
        self.found = other.found | self.found
        if other.slowest > self.slowest:
            self.slowest, self.slowest_number = other.slowest, other.slowest_number


@dataclass(frozen=True)
class Batch:
    """The cases of a reader from one number up to another."""

    reader: Reader
    seed: int
    start: int
    stop: int

    def run(self, folder: Path, at: Any = None, seconds: float = float("inf")) -> Told:
        """Try them all; `at` is told the number of each case before it, and the time."""
        bench, told, end = Bench(self.reader, folder), Told(), time.monotonic() + seconds
        grown: list[Case] = []
        for number in range(self.start, self.stop):
            rng = Random(f"{self.seed} {self.reader.name} {number}")
            case = self._next(bench, grown, rng)
            if at is not None:
                at[0], at[1] = number, time.monotonic()
            outcome = bench.tried(case)
            if told.note(number, case, outcome) and outcome.kind != "fault":
                grown.append(case)
            if time.monotonic() > end:
                break
        return told

    def _next(self, bench: Bench, grown: list[Case], rng: Random) -> Case:
        if not grown or rng.random() > GROWN:
            return bench.made(rng)
        base = rng.choice(grown)
        whole: Mapping[str, Files] = {base.seed: bench.seeds[base.seed] | base.files}
        seed, files = self.reader.case(whole, rng)
        return Case(self.reader.name, seed, base.files | files)

    def report(self, folder: Path, at: Any, pipe: Connection) -> None:
        """In a process of its own: run within the bounds, and tell what came of it."""
        bounded()
        before = peak()
        told = self.run(folder, at)
        told.memory = peak() - before
        pipe.send(told)
        pipe.close()
