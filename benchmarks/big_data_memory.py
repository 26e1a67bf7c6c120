"""Resident memory while a folder in SeisBench's format is cached, opened and trained on.

`big_data_memory.py FOLDER SCRATCH [FOLDER SCRATCH …]`: each phase is a process of its own (with its
workers), looked at twice a second. Anonymous memory is what the processes hold for themselves, the
resident has mapped files as well (libraries): both are added up by their proportional share.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from side_by_side import RESULTS, machine

ROOT = Path(__file__).parents[1]
OPENING = """
import sys, time
from tremor.data.cache import open_records
from tremor.data.sources.seisbench import SeisBench
began = time.perf_counter()
records, made = open_records(SeisBench([sys.argv[1]], duration=4.0), sys.argv[2] + "/cache")
print(len(records), made, time.perf_counter() - began)
"""
STEPS = 40
TRAINING = [
    "experiment=contrastive/xlstm_unet_tiny",
    "dataset=seisbench",
    "dataset.duration=4.0",
    "dataset.val_ratio=0.002",
    "dataset.test_ratio=0.002",
    "evaluation.draws=20",
    "evaluation.permutations=9",
    "trainer.max_epochs=1",
    "trainer.accelerator=cpu",
    f"trainer.limit_train_batches={STEPS}",
]


def main(places: list[str]) -> None:
    found: dict[str, Any] = {}
    for folder, scratch in zip(places[::2], places[1::2], strict=True):
        opening = [sys.executable, "-c", OPENING, folder, scratch]
        train = [sys.executable, str(ROOT / "simple_train.py"), *TRAINING]
        train += [f"dataset.paths=[{folder}]", f"cache_dir={scratch}/cache"]
        phases = {"caching": opening, "opening": opening}
        for workers in (0, 2):
            more = [f"loader.num_workers={workers}", f"output_dir={scratch}/outputs"]
            phases[f"training, {workers} workers"] = [*train, *more]
        for name, command in phases.items():
            result = watched(command)
            found.setdefault(Path(folder).name, {})[name] = result
            print(folder, name, json.dumps(result), flush=True)
            keep(found)


def watched(command: list[str]) -> dict[str, float]:
    """Run a command; its highest memory (MiB), time and processor time (s), the load meanwhile."""
    began, highest = time.monotonic(), {"anonymous": 0.0, "resident": 0.0}
    log = Path("/tmp") / f"big_data_memory_{os.getpid()}.log"
    with log.open("w") as said:
        process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
        while process.poll() is None:
            for key, value in memory(process.pid).items():
                highest[key] = max(highest[key], value)
            time.sleep(0.5)
    if process.returncode:
        raise SystemExit(log.read_text())
    told = {f"{key}_mib": round(value) for key, value in highest.items()}
    return told | {"s": round(time.monotonic() - began, 1), "load": round(os.getloadavg()[0], 1)}


def memory(pid: int) -> dict[str, float]:
    """Memory of a process and those that it started (MiB), by proportional shares."""
    found = {"anonymous": 0.0, "resident": 0.0}
    for each in (pid, *children(pid)):
        try:
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()[1:]
        except (OSError, ProcessLookupError):
            continue
        sizes = {line.split(":")[0]: float(line.split()[1]) / 1024 for line in lines}
        found["anonymous"] += sizes.get("Pss_Anon", 0.0)
        found["resident"] += sizes.get("Pss", 0.0)
    return found


def children(pid: int) -> list[int]:
    """Processes below this one."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    own = [int(word) for word in text.split()]
    return own + [below for child in own for below in children(child)]


def keep(found: dict[str, Any]) -> None:
    """Write what is known so far."""
    what = f"peak memory in MiB, {STEPS} steps of 64 records (3, 400) where it trains"
    result = {"what": what, "found": found, "machine": machine()}
    (RESULTS / "big_data").mkdir(parents=True, exist_ok=True)
    (RESULTS / "big_data" / "memory.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
