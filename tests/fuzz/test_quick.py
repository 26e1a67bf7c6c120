"""A quick form of `make fuzz`: some cases for each reader, and each seed as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz.batch import Batch
from fuzz.reader import Reader
from fuzz.readers import ALL
from fuzz.trial import Bench, Case

SECONDS = 1.0
CASES = 300


@pytest.mark.parametrize("reader", ALL, ids=lambda reader: reader.name)
def test_whatever_is_read_is_a_value_or_refused(reader: Reader, tmp_path: Path) -> None:
    bench = Bench(reader, tmp_path)
    whole = [bench.tried(Case(reader.name, seed, {})) for seed in bench.seeds]
    assert "value" in [outcome.kind for outcome in whole]
    told = Batch(reader, 0, 0, CASES).run(tmp_path, seconds=SECONDS)
    faults = [outcome.trace for _, outcome in told.found.values() if outcome.kind == "fault"]
    assert not faults, faults[0]
    assert told.slowest < 5.0
