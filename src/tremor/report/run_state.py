"""How far a run came, by what its folder holds, and by its process where a sweep noted that."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tremor.report.files import read_json
from tremor.training import sweep_folder
from tremor.training.resumed import NOTE as RESUMED
from tremor.training.sweep_folder import PRUNED_NOTE, RUNNING, STATE, STOPPED, TRACEBACK

SILENT = 15 * 60.0  # seconds without a sign after which a run is not called running
REMEDY = "delete this file: it only tells when the run went on"


@dataclass(frozen=True)
class State:
    """`name` is done, pruned, failed, running or stopped; `words` say since when, or after what."""

    name: str
    words: str = ""

    @classmethod
    def of(cls, run: Path, now: float | None = None) -> State:
        """The state of a run's folder at a time (seconds since 1970; default: now)."""
        went_on: list[dict[str, Any]] = read_json(run / RESUMED, REMEDY) or []
        times = f"resumed {len(went_on)} times" if len(went_on) > 1 else "resumed"
        after = times if went_on else ""
        ended, failed = _time(run / "summary.json"), _time(run / TRACEBACK)
        last = max((float(each["time"]) for each in went_on), default=0.0)
        if (run / PRUNED_NOTE).exists():
            return cls("pruned", after)
        if failed > max(ended, last):
            return cls("failed", after)
        if ended > last:
            return cls("done", after or "resumed" * bool(failed))
        silent = (time.time() if now is None else now) - _sign(run)
        words = f"last sign {_ago(silent)} ago"
        name = _of_job(run, last) or ("running" if silent < SILENT else "stopped")
        return cls(name, f"{after}, {words}".lstrip(", "))


def _of_job(run: Path, last: float) -> str:
    """What the note of a sweep's job says, unless the run was taken up by itself since then.

    It knows the process: a long epoch is no stop, and a killed job does not run for minutes on.
    """
    if _time(run / STATE) < last:
        return ""
    known = {RUNNING: "running", STOPPED: "stopped"}
    return known.get(sweep_folder.state_of(run).state, "")


def _time(path: Path) -> float:
    """When a file was last written; 0 without it."""
    return path.stat().st_mtime if path.exists() else 0.0


def _sign(run: Path) -> float:
    """When the run last wrote something."""
    known = (run / "metrics.csv", run / RESUMED, run / "config.yaml")
    return max(_time(path) for path in (*known, *(run / "checkpoints").glob("*.ckpt")))


def _ago(seconds: float) -> str:
    """A duration in its largest unit: `40 s`, `5 min`, `3 h`, `2 days`."""
    for unit, size in (("day", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' * (unit == 'day' and count > 1)}"
    return f"{max(seconds, 0):.0f} s"
