"""When a run went on after a stop: noted in its folder, for whoever looks there."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tremor.files import write_json

NOTE = "resumed.json"


def went_on(folder: Path) -> None:
    """Note that the run in a folder goes on from now [s since 1970]."""
    place = folder / NOTE
    before = json.loads(place.read_text()) if place.exists() else []
    write_json(place, [*before, {"time": round(time.time(), 3)}])
