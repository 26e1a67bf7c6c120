"""A million cases in a few processes: spread over the readers, watched, counted, kept."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import zip_longest
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from fuzz.batch import Batch, Told
from fuzz.guard import SECONDS
from fuzz.reader import Reader
from fuzz.trial import Case, Outcome

LARGEST, ROUNDS = 20_000, 6
FORK = multiprocessing.get_context("fork")
KEPT = 400  # cases of one reader that are kept because they end in a way of their own


@dataclass
class Slot:
    """A process at work on a batch; a case that it dies of lies in its folder still."""

    folder: Path
    batch: Batch
    begun: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.at: Any = FORK.Array("d", [self.batch.start, time.monotonic()], lock=False)
        self.pipe: Connection
        self.pipe, theirs = FORK.Pipe(duplex=False)
        self.process = FORK.Process(target=self.batch.report, args=(self.folder, self.at, theirs))
        self.process.start()
        theirs.close()

    def ended(self) -> tuple[Told, Batch | None] | None:
        """What came of it and what is left of it, once it has ended."""
        if self.pipe.poll(0.05):
            try:
                told: Told = self.pipe.recv()
            except EOFError:
                return self._died("the process died")
            self.process.join()
            return told, None
        if time.monotonic() - self.at[1] > 4 * SECONDS:
            os.kill(self.process.pid or 0, signal.SIGKILL)
            return self._died(f"more than {4 * SECONDS:g} s, deaf to the alarm")
        return None

    def _died(self, why: str) -> tuple[Told, Batch | None]:
        self.process.join()
        number, batch, told = int(self.at[0]), self.batch, Told()
        code = self.process.exitcode
        told.cases = number - batch.start
        told.note(number, self._left(), Outcome("fault", f"{why} (exit code {code})", 0.0))
        rest = Batch(batch.reader, batch.seed, number + 1, batch.stop)
        return told, rest if rest.start < rest.stop else None

    def _left(self) -> Case:
        """The case that lies in the folder: the files that are not those of a seed."""
        there = {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in self.folder.rglob("*")
            if path.is_file()
        }
        seeds = self.batch.reader.seeds()
        alike = {s: sum(there.get(n) == c for n, c in files.items()) for s, files in seeds.items()}
        seed = max(alike, key=lambda name: alike[name])
        changed = {n: there[n] for n, c in seeds[seed].items() if n in there and there[n] != c}
        return Case(self.batch.reader.name, seed, changed)


def batches(readers: Sequence[Reader], cases: int, seed: int) -> Iterator[Batch]:
    """All cases in batches, of every reader by its share, in turns."""
    whole = sum(reader.share for reader in readers)
    lists = []
    for reader in readers:
        count = max(1, round(cases * reader.share / whole))
        size = max(1, min(LARGEST, -(-count // ROUNDS)))
        starts = range(0, count, size)
        lists.append([Batch(reader, seed, at, min(at + size, count)) for at in starts])
    for turn in zip_longest(*lists):
        yield from filter(None, turn)


@dataclass
class Campaign:
    """Batches in some processes, their results, and the folder that keeps what was found."""

    kept: Path
    scratch: Path
    processes: int = 2
    minutes: float = float("inf")
    told: dict[str, Told] = field(default_factory=dict)

    def run(self, todo: Iterator[Batch], tell: Callable[[str], None], total: int) -> None:
        """Go through all batches, or as many as there is time for."""
        slots: list[Slot] = []
        rests: list[Batch] = []
        begun, said = time.monotonic(), 0.0
        while True:
            late = time.monotonic() - begun > 60 * self.minutes
            while len(slots) < self.processes and not late:
                batch = rests.pop() if rests else next(todo, None)
                if batch is None:
                    break
                slots.append(Slot(self.scratch / f"slot{self._free(slots)}", batch))
            if not slots:
                return
            for slot in list(slots):
                if (done := slot.ended()) is not None:
                    slots.remove(slot)
                    rests += [done[1]] if done[1] else []
                    self._take(slot.batch.reader.name, done[0])
            if time.monotonic() - said > 10:
                said = time.monotonic()
                tell(self._progress(total, said - begun))

    def _free(self, slots: list[Slot]) -> int:
        used = {slot.folder.name for slot in slots}
        return next(n for n in range(self.processes) if f"slot{n}" not in used)

    def _take(self, reader: str, told: Told) -> None:
        known = self.told.setdefault(reader, Told())
        fresh = {mark: it for mark, it in told.found.items() if mark not in known.found}
        for mark, (case, outcome) in fresh.items():
            if outcome.kind == "fault" or len(known.found) < KEPT:
                self._keep(mark, case, outcome)
        known.join(told)

    def _keep(self, mark: str, case: Case, outcome: Outcome) -> None:
        """Write a case into the folder of failing ones, or of those that end in their own way."""
        kind = "failing" if outcome.kind == "fault" else "corpus"
        name = f"{case.seed}-{blake2b(mark.encode(), digest_size=5).hexdigest()}"
        home = self.kept / kind / case.reader / name
        home.mkdir(parents=True, exist_ok=True)
        (home / "said.txt").write_text(f"{outcome.said}\n{outcome.trace}", errors="replace")
        for place, content in case.files.items():
            path = home / "files" / place
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)

    def _progress(self, total: int, seconds: float) -> str:
        cases = sum(told.cases for told in self.told.values())
        faults = sum(told.kinds["fault"] for told in self.told.values())
        rate = cases / max(seconds, 1e-9)
        return f"{cases / total:5.1%}  {cases:,} cases, {rate:,.0f} a second, {faults} faults"

    def table(self) -> str:
        """A line a reader, and all of them."""
        head = f"{'reader':24}{'cases':>10}{'a s':>8}{'value':>9}{'refused':>9}{'faults':>7}"
        lines = [head + f"{'ways':>7}{'slowest ms':>11}{'memory MB':>10}"]
        whole = Told()
        for name, told in sorted(self.told.items()):
            lines.append(_line(name, told))
            whole.join(told)
        return "\n".join([*lines, _line("all", whole)])

    def write(self, facts: dict[str, Any]) -> Path:
        """summary.json: what was done, and what came of each reader."""
        readers = {name: _plain(told) for name, told in sorted(self.told.items())}
        path = self.kept / "summary.json"
        path.write_text(json.dumps(facts | {"readers": readers}, indent=1))
        return path


def _plain(told: Told) -> dict[str, Any]:
    return {
        "cases": told.cases,
        **{kind: told.kinds[kind] for kind in ("value", "refused", "fault")},
        "ways": len(told.found),
        "cases_a_second": round(told.cases / max(told.seconds, 1e-9)),
        "slowest_ms": round(1000 * told.slowest, 1),
        "slowest_case": told.slowest_number,
        "memory_mb": round(told.memory / 1e6, 1),
    }


def _line(name: str, told: Told) -> str:
    known = _plain(told)
    cells = (("cases", 10), ("cases_a_second", 8), ("value", 9), ("refused", 9), ("fault", 7))
    more = (("ways", 7), ("slowest_ms", 11), ("memory_mb", 10))
    return f"{name:24}" + "".join(f"{known[key]:>{width},}" for key, width in (*cells, *more))
