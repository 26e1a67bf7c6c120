"""Measure candidates in turn in one process at one thread, and keep what was measured.

Machines drift; so candidates are interleaved round by round, and what counts is the ratio.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

RESULTS = Path(__file__).parent / "results"
Seconds = Mapping[str, list[float]]


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


def fastest(seconds: Seconds, among: Collection[str]) -> str:
    """The rival that ours has to beat."""
    return min(among, key=lambda name: median(seconds[name]))


def growth(seconds: Seconds) -> dict[str, float]:
    """How much longer each takes than the one before it."""
    return {
        f"{b} over {a}": median(seconds[b]) / median(seconds[a]) for a, b in pairwise([*seconds])
    }


def peak_mib(script: str, *words: str) -> float:
    """How far a candidate's call raises the resident memory of a process of its own."""
    said = subprocess.run(
        [sys.executable, script, "--peak", *words], capture_output=True, text=True, check=True
    )
    return float(said.stdout.split()[-1])


def print_peak(call: Callable[[], Any]) -> None:
    """For `peak_mib`: the highest resident memory during a call, less that before it."""
    before = _status("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the mark starts anew
    call()
    print((_status("VmHWM") - before) / 1024)


def _status(name: str) -> int:
    """A line of this process's status in KiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def matmul_peak() -> float:
    """Operations a second of the best float32 matrix product of this machine, at one thread."""
    import torch

    best = 0.0
    for size in (512, 1024, 2048):
        a, b, out = (torch.randn(size, size) for _ in range(3))
        for _ in range(8):
            began = time.perf_counter()
            torch.mm(a, b, out=out)
            best = max(best, 2 * size**3 / (time.perf_counter() - began))
    return best


def machine(threads: int = 1) -> dict[str, Any]:
    """What ran the measurement."""
    import numpy
    import torch

    torch.set_num_threads(threads)
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
    name: str,
    seconds: Seconds,
    records: int,
    rival: str,
    note: str,
    goal: str,
    threads: int = 1,
    **more: Mapping[str, float],
) -> None:
    """Write the result as JSON and print it: medians, records a second, ratio to the rival.

    `more` are other measures of the candidates, such as `peak_mib`.
    """
    medians = {key: median(values) for key, values in seconds.items()}
    ratios = {
        key: median(r / v for r, v in zip(seconds[rival], values, strict=True))
        for key, values in seconds.items()
    }
    result = {
        "what": note,
        "goal": goal,
        "rival": rival,
        "median_ms": {key: round(1e3 * value, 3) for key, value in medians.items()},
        "records_per_s": {key: _three(records / value) for key, value in medians.items()},
        "times_faster_than_rival": {key: round(value, 2) for key, value in ratios.items()},
        **{measure: {k: _three(v) for k, v in of.items()} for measure, of in more.items()},
        "seconds": {key: [round(v, 6) for v in values] for key, values in seconds.items()},
        "machine": machine(threads),
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
    shown = {key: value for key, value in result.items() if key not in ("seconds", "machine")}
    print(json.dumps(shown, indent=1), flush=True)


def _three(value: float) -> float:
    """Three digits, or all before the point."""
    return round(value) if value >= 100 else float(f"{value:.3g}")


def table() -> str:
    """All results as a Markdown table, and what ran them."""
    results = {file.stem: json.loads(file.read_text()) for file in sorted(RESULTS.glob("*.json"))}
    columns = ("measurement", "candidate", "records/s", "times the rival", "peak MiB", "goal")
    rows = [
        f"| {stem} | {' | '.join(_row(result, name))} |"
        for stem, result in results.items()
        for name in result["times_faster_than_rival"]
    ]
    head = f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}\n"
    return head + "\n".join(rows) + "\n\n" + _grown(results) + _machines(results)


def _row(result: Mapping[str, Any], name: str) -> list[str]:
    ratio, peak = result["times_faster_than_rival"][name], result.get("peak_mib", {})
    times = "1 (rival)" if name == result["rival"] else str(ratio)
    memory = f"{peak[name]:,}" if name in peak else "–"
    return [name, f"{result['records_per_s'][name]:,}", times, memory, str(result["goal"])]


def _grown(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Other measures than time and memory, one line each."""
    known = {"what", "goal", "rival", "median_ms", "records_per_s", "times_faster_than_rival"}
    known |= {"peak_mib", "seconds", "machine"}
    lines = [
        f"- {stem}, {measure.replace('_', ' ')}: "
        + ", ".join(f"{name} {value:,}" for name, value in of.items())
        for stem, result in results.items()
        for measure, of in result.items()
        if measure not in known
    ]
    return "\n".join(lines) + "\n\n" if lines else ""


def _machines(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Which machine ran which measurements."""
    ran: dict[str, list[str]] = {}
    for stem, result in results.items():
        facts = ", ".join(f"{key} {value}" for key, value in result["machine"].items())
        ran.setdefault(facts, []).append(stem)
    return "\n".join(f"- {', '.join(stems)}: {facts}." for facts, stems in ran.items()) + "\n"
