"""What an offline W&B run wrote down, read back."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def records(file: Path) -> Iterator[Any]:
    """The records of one file: LevelDB's log, blocks of 32 KiB with records in fragments."""
    from wandb.proto import wandb_internal_pb2

    data, place, whole = file.read_bytes(), 7, b""
    while place + 7 <= len(data):
        if 32768 - place % 32768 < 7:
            place += 32768 - place % 32768
            continue
        size, kind = struct.unpack("<HB", data[place + 4 : place + 7])
        whole += data[place + 7 : place + 7 + size]
        place += 7 + size
        if kind in (1, 4):  # a whole record, or the last fragment of one
            record = wandb_internal_pb2.Record()
            record.ParseFromString(whole)
            yield record
            whole = b""


def ended(run: Path) -> list[list[Any]]:
    """The records of each file of a run, once each has its end: W&B may still be writing."""
    for _ in range(100):
        files = sorted(run.glob("wandb/offline-run-*/*.wandb"))
        found = [list(records(file)) for file in files]
        if found and all(any(r.HasField("exit") for r in each) for each in found):
            return found
        time.sleep(0.1)
    raise TimeoutError("the W&B run never ended")


@dataclass(frozen=True)
class Dashboard:
    """What W&B would show of one file."""

    run: Any
    config: dict[str, Any]
    history: list[dict[str, Any]]
    summary: dict[str, Any]
    axes: dict[str, str]
    artifacts: dict[str, Any]
    files: list[str]
    system: bool
    code: int


def dashboard(found: list[Any]) -> Dashboard:
    """One file's records, put together."""
    runs = [r.run for r in found if r.HasField("run")]
    config = {u.key: json.loads(u.value_json) for run in runs for u in run.config.update}
    metrics = [r.metric for r in found if r.HasField("metric")]
    updates = [u for r in found if r.HasField("summary") for u in r.summary.update]
    ends = [r.exit.exit_code for r in found if r.HasField("exit")]
    return Dashboard(
        run=runs[-1],
        config=config,
        history=[_row(r.history.item) for r in found if r.HasField("history")],
        summary=_row(updates),
        axes={m.name or m.glob_name: m.step_metric for m in metrics},
        artifacts={r.artifact.name: r.artifact for r in found if r.HasField("artifact")},
        files=[file.path for r in found if r.HasField("files") for file in r.files.files],
        system=any(r.HasField("stats") for r in found),
        code=ends[-1],
    )


def _row(items: Any) -> dict[str, Any]:
    """Keys and values; of media and tables the key alone is told apart."""
    found: dict[str, Any] = {}
    for item in items:
        key, *deeper = item.nested_key or [item.key]
        value = json.loads(item.value_json)
        found |= {key: found.get(key, {}) | {deeper[0]: value}} if deeper else {key: value}
    return found
