"""Measure candidates in turn in one process at one thread, and keep what was measured.

Machines drift; so candidates are interleaved round by round, and what counts is the ratio.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

RESULTS = Path(__file__).parent / "results"


def interleaved(candidates: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each call, after one uncounted round."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, call in candidates.items():
            began = time.perf_counter()
            call()
            if number:
                seconds[name].append(time.perf_counter() - began)
    return seconds


def machine() -> dict[str, Any]:
    """What ran the measurement."""
    import numpy
    import torch

    torch.set_num_threads(1)
    cpu = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    return {
        "processor": cpu[0].partition(":")[2].strip() if cpu else platform.processor(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
    }


def keep(
    name: str, seconds: Mapping[str, list[float]], records: int, rival: str, note: str, goal: str
) -> None:
    """Write the result as JSON and print it: medians, records a second, ratio to the rival."""
    medians = {key: statistics.median(values) for key, values in seconds.items()}
    ratios = {
        key: statistics.median(r / v for r, v in zip(seconds[rival], values, strict=True))
        for key, values in seconds.items()
    }
    result = {
        "what": note,
        "goal": goal,
        "rival": rival,
        "median_ms": {key: round(1e3 * value, 3) for key, value in medians.items()},
        "records_per_s": {key: round(records / value) for key, value in medians.items()},
        "times_faster_than_rival": {key: round(value, 2) for key, value in ratios.items()},
        "seconds": {key: [round(v, 6) for v in values] for key, values in seconds.items()},
        "machine": machine(),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    shown = {key: value for key, value in result.items() if key not in ("seconds", "machine")}
    print(json.dumps(shown, indent=1))


def table() -> str:
    """All results as a Markdown table."""
    columns = ("measurement", "candidate", "records/s", "times the rival", "goal")
    head = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
    rows = []
    for file in sorted(RESULTS.glob("*.json")):
        result = json.loads(file.read_text())
        for name, ratio in result["times_faster_than_rival"].items():
            speed = result["records_per_s"][name]
            times = "1 (rival)" if name == result["rival"] else str(ratio)
            rows.append(f"| {file.stem} | {name} | {speed:,} | {times} | {result['goal']} |")
    return head + "\n".join(rows) + "\n"
