"""When a run went on is noted each time."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tremor.training.resumed import NOTE, went_on


def test_each_time_is_noted(tmp_path: Path) -> None:
    began = time.time()
    for _ in range(2):
        went_on(tmp_path)
    told = [each["time"] for each in json.loads((tmp_path / NOTE).read_text())]
    assert len(told) == 2
    assert began - 0.01 <= told[0] <= told[1] <= time.time() + 0.01
