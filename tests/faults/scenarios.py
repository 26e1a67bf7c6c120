"""What is killed: a door at work in a folder; what its user types next; what must come out."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from children import run
from opened import TONES

Words = list[str]
TRAIN = ["simple_train.py", *TONES]
SWEEP = ["simple_train.py", "-m", *TONES, "seed=1,2", "evaluation.draws=20"]
RECORDS = [*TRAIN, "dry_run=true", "dataset.records.count=4000"]


@dataclass(frozen=True)
class Scenario:
    """A command, what to type after it was killed, and a digest of what it is for."""

    name: str
    prepare: Callable[[Path], None]
    words: Callable[[Path], Words]
    outcome: Callable[[Path], Sequence[str]]


def all_of_them(base: Path) -> list[Scenario]:
    """The scenarios; what they start from is made below `base`."""
    finished = _finished_run(base)

    def copied(home: Path) -> None:
        shutil.copytree(finished, home, symlinks=True)

    return [
        Scenario("train", _nothing, training, verdicts),
        Scenario("sweep", _nothing, _sweep, verdicts),
        Scenario("evaluate", copied, lambda home: ["evaluate.py", checkpoint_of(home)], verdicts),
        Scenario("explain", copied, explaining, _maps),
        Scenario("record set", _nothing, lambda _: RECORDS, samples),
    ]


def _finished_run(base: Path) -> Path:
    home = base / "finished"
    if not home.exists():
        ended = run(home, *TRAIN)
        assert ended.code == 0, ended.said
    return home


def _nothing(home: Path) -> None:
    home.mkdir(parents=True)


def runs(home: Path) -> list[Path]:
    """Run folders, oldest first."""
    return sorted((p.parent for p in home.glob("outputs/**/checkpoints")), key=_age)


def _age(folder: Path) -> float:
    return folder.stat().st_ctime


def checkpoint_of(home: Path) -> str:
    return f"checkpoint={runs(home)[-1].relative_to(home)}"


def training(home: Path) -> Words:
    begun = [run for run in runs(home) if (run / "checkpoints" / "last.ckpt").exists()]
    return ["simple_train.py", f"resume={begun[-1].relative_to(home)}"] if begun else TRAIN


def _sweep(home: Path) -> Words:
    begun = sorted(home.glob("outputs/**/sweep.json"))
    if not begun:
        return SWEEP
    return ["simple_train.py", f"sweep={begun[-1].parent.relative_to(home)}", "retry=missing"]


def explaining(home: Path) -> Words:
    quick = ["explainer.budget=200", "max_per_class=3", "audit=false"]
    return ["explain.py", checkpoint_of(home), *quick]


def verdicts(home: Path) -> list[str]:
    """The predictions of each finished run, whichever folder it has."""
    return sorted({_digest(path) for path in home.glob("outputs/**/evaluation/predictions.csv")})


def _maps(home: Path) -> list[str]:
    """The numbers of all maps."""
    found = []
    for path in sorted(home.glob("outputs/**/explanations/**/*.h5")):
        if "parts" not in path.parts:
            with h5py.File(path) as file:
                file.visititems(lambda name, it: found.append(f"{name} {_numbers(it)}"))
    return found


def _numbers(it: h5py.Dataset | h5py.Group) -> str:
    if not isinstance(it, h5py.Dataset) or it.dtype.kind not in "fiu":
        return ""
    return hashlib.sha256(np.ascontiguousarray(it[()]).tobytes()).hexdigest()[:16]


def samples(home: Path) -> list[str]:
    return [_digest(path) for path in home.glob("cache/records/*/signal.f32")]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
