"""Inputs that once broke a reader: texts in `once.py`, small files in `regressions/`."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz.once import ONCE
from fuzz.readers import ALL
from fuzz.trial import Bench, Case

KEPT = Path(__file__).parent / "regressions"
READERS = {reader.name: reader for reader in ALL}


def kept() -> list[Case]:
    """`regressions/<reader>/<seed>-<what>/`: the changed files of a seed."""
    found = []
    for home in sorted(path for path in KEPT.glob("*/*") if path.is_dir()):
        paths = [path for path in home.rglob("*") if path.is_file()]
        files = {path.relative_to(home).as_posix(): path.read_bytes() for path in paths}
        found.append(Case(home.parent.name, home.name.partition("-")[0], files))
    return found


CASES = kept() + [Case(reader, seed, {file: text}) for reader, seed, file, text in ONCE]


@pytest.mark.parametrize("name", sorted({case.reader for case in CASES}))
def test_what_once_broke_a_reader_is_read_or_refused(name: str, tmp_path: Path) -> None:
    bench = Bench(READERS[name], tmp_path)
    for case in CASES:
        if case.reader == name:
            outcome = bench.tried(case)
            assert outcome.kind in ("value", "refused"), f"{case}\n{outcome.trace}"
