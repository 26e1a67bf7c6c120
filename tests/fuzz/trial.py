"""One case: the files are put into a folder, read, and what came of it."""

from __future__ import annotations

import os
import re
import shutil
import time
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from random import Random

from fuzz.guard import Did, Hung, guarded
from fuzz.reader import Files, Reader
from tremor.errors import TremorError

VARIES = re.compile(r"\d+|'[^']*'|\"[^\"]*\"|\S*/\S*|[^\x20-\x7e]+")


@dataclass(frozen=True)
class Case:
    """The changed files of a seed."""

    reader: str
    seed: str
    files: Files


@dataclass(frozen=True)
class Outcome:
    """How a case ended: `value`, `refused` or `fault`; what was said, without what varies."""

    kind: str
    said: str
    seconds: float
    trace: str = ""

    @property
    def mark(self) -> str:
        """What cases have in common that end in the same way."""
        return f"{self.kind} {VARIES.sub('*', self.said)[:120]}"


class Bench:
    """A folder in which the cases of one reader are tried, one after the other."""

    def __init__(self, reader: Reader, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self.reader, self.folder = reader, folder.resolve()
        self.seeds = dict(reader.seeds())
        self._lies = ""

    def made(self, rng: Random) -> Case:
        """A case that the numbers drawn decide."""
        return Case(self.reader.name, *self.reader.case(self.seeds, rng))

    def tried(self, case: Case) -> Outcome:
        """Put the files there, read them, put the seed's own back."""
        self._lay(case.seed)
        _write(self.folder, case.files)
        start = time.perf_counter()
        kind, said, trace = self._ended()
        seconds = time.perf_counter() - start
        _write(self.folder, {name: self.seeds[case.seed][name] for name in case.files})
        return Outcome(kind, said, seconds, trace)

    def _lay(self, seed: str) -> None:
        if self._lies != seed:
            shutil.rmtree(self.folder, ignore_errors=True)
            _write(self.folder, self.seeds[seed])
            self._lies = seed

    def _ended(self) -> tuple[str, str, str]:
        try:
            with warnings.catch_warnings(), guarded(self.folder):
                warnings.simplefilter("ignore")
                found = self.reader.read(self.folder)
        except (TremorError, *self.reader.also) as refused:
            return "refused", str(refused), ""
        except (Exception, SystemExit, Hung, Did) as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            said = f"{type(error).__name__} at {Path(last.filename).name}: {str(error)[:200]}"
            return "fault", said, "".join(traceback.format_exception(error))
        return "value", type(found).__name__, ""


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = f"{folder}/{name}"
        try:
            _put(path, content)
        except FileNotFoundError:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            _put(path, content)


def _put(path: str, content: bytes) -> None:
    with open(path, "wb", buffering=0) as file:
        file.write(content)
