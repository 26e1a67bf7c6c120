"""Faults of disks, files, clocks and memory, put in the way of doors on purpose."""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from children import Ended, opened, run, wait
from scenarios import TRAIN, checkpoint_of, explaining, samples, training, verdicts
from tally import Tally
from whole import broken, kept, scratch

DISKS, DAMAGES, PAIRS, CLOCKS, WORKERS = 20, 3, 10, 6, 8


def full_disk(home: Path, finished: Path, seed: int) -> Tally:
    """A disk that is full after so many bytes, for many such numbers; then it has room again."""
    tally = Tally()
    wanted = verdicts(finished)
    used = sum(path.stat().st_size for path in kept(finished))
    for door, words in (("train", TRAIN), ("evaluate", None), ("explain", None)):
        for number in range(DISKS):
            with _disk(home, 4 * used) as small:
                if door != "train":
                    shutil.copytree(finished, small, dirs_exist_ok=True)
                taken = sum(path.stat().st_size for path in kept(small))
                more = used if door == "train" else used // 2
                _resize(small, taken + 4096 * 40 + more * number // DISKS)
                typed = words or _again(door, small)
                ended = run(small, *typed)
                tally.counts[f"{door}: full" if ended.code else f"{door}: enough"] += 1
                tally.look(ended, f"{door}, disk {number}")
                if ended.code and "the disk is full" not in ended.said:
                    tally.faults.append(f"{door}, disk {number}: {ended.said[-400:]}")
                tally.faults += [f"half written, disk {number}: {it}" for it in broken(small)]
                _resize(small, 8 * used)
                last = run(small, *(training(small) if door == "train" else typed))
                if last.code or verdicts(small) != wanted:
                    tally.faults.append(f"{door} afterwards, disk {number}: {last.said[-400:]}")
    return tally


def _again(door: str, home: Path) -> list[str]:
    """What a user types to have a run judged, or explained, anew."""
    return ["evaluate.py", checkpoint_of(home)] if door == "evaluate" else explaining(home)


@contextmanager
def _disk(home: Path, size: int) -> Iterator[Path]:
    """A disk of its own in memory; what doors say goes elsewhere."""
    place = home / "disk"
    place.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    subprocess.run(command, check=True, capture_output=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _resize(place: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", str(place)], check=True)


def read_only(home: Path, finished: Path, seed: int) -> Tally:
    """A disk that may be read and not written."""
    tally = Tally()
    for door in ("train", "resume", "evaluate", "explain"):
        with _disk(home, 1 << 28) as place:
            shutil.copytree(finished, place, dirs_exist_ok=True)
            words = {"train": TRAIN, "resume": training(place)}.get(door) or _again(door, place)
            subprocess.run(["mount", "-o", "remount,ro", str(place)], check=True)
            ended = run(place, *words)
            tally.counts["tried"] += 1
            tally.look(ended, door)
            if not ended.code or "cannot write: Read-only file system" not in ended.said:
                tally.faults.append(f"{door}: code {ended.code}: {ended.said[-400:]}")
    return tally


def damage(home: Path, finished: Path, seed: int) -> Tally:
    """Each file of a run and of its record set cut, emptied, or with a bit turned."""
    tally, chance = Tally(), random.Random(seed)
    files = [path.relative_to(finished) for path in kept(finished)]
    wanted = verdicts(finished)
    for path in files:
        for number in range(DAMAGES):
            shutil.rmtree(home, ignore_errors=True)
            shutil.copytree(finished, home)
            how = _damaged(home / path, number, chance)
            for words in (training(home), _again("evaluate", home)):
                ended = run(home, *words)
                what = f"{path} {how}, {words[0]}"
                tally.counts["refused" if ended.code else "went on"] += 1
                tally.look(ended, what)
                if ended.code and path.name not in ended.said and "record set" not in ended.said:
                    tally.faults.append(f"{what}: the file is not named: {ended.said[-400:]}")
                if not ended.code and verdicts(home) != wanted:
                    tally.faults.append(f"{what}: other results, unsaid")
    return tally


def _damaged(path: Path, number: int, chance: random.Random) -> str:
    """Cut in half, emptied, or a bit turned somewhere."""
    content = bytearray(path.read_bytes())
    if number == 0 or not content:
        path.write_bytes(b"")
        return "emptied"
    if number == 1:
        path.write_bytes(content[: len(content) // 2])
        return "cut in half"
    place = chance.randrange(len(content))
    content[place] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    return f"with a bit of byte {place} turned"


def two_at_once(home: Path, finished: Path, seed: int) -> Tally:
    """Two processes make the same record set at once."""
    tally = Tally()
    words = [*TRAIN, "dry_run=true", "dataset.records.count=600"]
    for number in range(PAIRS):
        place = home / str(number)
        began = time.monotonic()
        both = [opened(place, words) for _ in range(2)]
        for ended in [wait(place, process, began) for process in both]:
            tally.counts["processes"] += 1
            tally.look(ended, f"pair {number}")
            if ended.code:
                tally.faults.append(f"pair {number}: {ended.said[-400:]}")
        if len(samples(place)) != 1 or scratch(place) or broken(place):
            tally.faults.append(f"pair {number}: {samples(place)} {scratch(place)}")
    return tally


def jumping_clock(home: Path, finished: Path, seed: int) -> Tally:
    """A clock that jumps back and forth by hours, while training and when taken up again."""
    tally, chance = Tally(), random.Random(seed)
    wanted = verdicts(finished)
    for number in range(CLOCKS):
        place = home / str(number)
        jumps = _jumping(chance.randrange(1 << 30))
        ended = [run(place, *TRAIN, before=jumps)]
        ended += [run(place, *training(place), before=jumps)]
        ended += [run(place, *_again("evaluate", place), before=jumps)]
        for it in ended:
            tally.counts["doors"] += 1
            tally.look(it, f"clock {number}")
        if any(it.code for it in ended) or verdicts(place) != wanted:
            tally.faults.append(f"clock {number}: {[it.said[-300:] for it in ended]}")
    return tally


def _jumping(seed: int) -> Callable[[], None]:
    """The wall clock of this process jumps at each look at it."""

    def begin() -> None:
        chance, true = random.Random(seed), time.time
        time.time = lambda: true() + chance.uniform(-7200, 7200)  # type: ignore[method-assign]

    return begin


def killed_workers(home: Path, finished: Path, seed: int) -> Tally:
    """A process that reads records is killed, as the kernel does when memory runs out."""
    tally, chance = Tally(), random.Random(seed)
    words = [*TRAIN, "loader.num_workers=2", "trainer.max_epochs=8", "dataset.batch_size=2"]
    reference = home / "whole"
    first = run(reference, *words)
    tally.look(first, "without a kill")
    for number in range(WORKERS):
        place = home / str(number)
        began = time.monotonic()
        process = opened(place, words)
        _kill_a_child(process, chance, first.took)
        ended = wait(place, process, began)
        tally.counts["killed in time" if ended.code else "had ended"] += 1
        tally.look(ended, f"worker {number}")
        if ended.code and "a process that reads records was killed" not in ended.said:
            tally.faults.append(f"worker {number}: {ended.said[-400:]}")
        last = _taken_up(place, words)
        if last.code or verdicts(place) != verdicts(reference):
            tally.faults.append(f"worker {number}, taken up: {last.said[-400:]}")
    return tally


def _taken_up(place: Path, words: list[str]) -> Ended:
    again = training(place)
    return run(place, *(words if again == TRAIN else again))


def _kill_a_child(process: int, chance: random.Random, took: float) -> None:
    """Kill one of the process's children, at a random moment at which it has some."""
    time.sleep(chance.uniform(0.2, 0.8) * took)
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            told = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):
            return
        if told:
            os.kill(int(chance.choice(told)), signal.SIGKILL)
            return
        time.sleep(0.002)


def small_memory(home: Path, finished: Path, seed: int) -> Tally:
    """So little memory that a batch does not fit."""
    tally = Tally()
    words = [
        *TRAIN,
        "dataset.records.count=2000",
        "dataset.batch_size=1500",
        "model.hidden_size=512",
    ]
    for number, share in enumerate((0.05, 0.2, 0.5)):
        ended = run(home / str(number), *words, before=_with_memory(share))
        tally.counts["ran out" if ended.code else "enough"] += 1
        tally.look(ended, f"memory {share}")
    return tally


def _with_memory(gigabytes: float) -> Callable[[], None]:
    """No more address space than now and so much."""

    def begin() -> None:
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[0]) * 4096
        most = used + int(gigabytes * (1 << 30))
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        ctypes.CDLL(None).mallopt(-8, 1)  # one arena: no address space is reserved per thread

    return begin


ALL = {
    "a disk that is full": full_disk,
    "folders that are read-only": read_only,
    "files cut, emptied, turned": damage,
    "two make one record set": two_at_once,
    "a clock that jumps": jumping_clock,
    "readers killed": killed_workers,
    "little memory": small_memory,
}
