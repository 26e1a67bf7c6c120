"""Faults, injected: `python tests/faults --kills 200` prints what was tried and what broke."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import children


def parser() -> argparse.ArgumentParser:
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--kills", type=int, default=200, help="kills in all, over all scenarios")
    said.add_argument("--seed", type=int, default=1, help="of the random moments")
    said.add_argument("--jobs", type=int, default=2, help="scenarios at once")
    said.add_argument("--only", default="", help="legs whose name holds this")
    said.add_argument("--out", type=Path, help="a JSON file for the counts")
    return said


def main() -> int:
    asked = parser().parse_args()
    children.load()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as place:
        legs = _legs(Path(place), asked.kills, asked.seed)
        names = [name for name in legs if asked.only in name]
        results = _at_once(legs, names, asked.jobs)
    found = {"seed": asked.seed, "seconds": round(time.monotonic() - began), "legs": results}
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps({"seconds": found["seconds"], "faults": _faults(results)}))
    return int(_faults(results) > 0)


def _legs(base: Path, kills: int, seed: int) -> dict[str, Callable[[], Any]]:
    """What is to be tried, by name."""
    import injections
    import kills as killing
    import scenarios

    those = scenarios.all_of_them(base)
    share = -(-kills // len(those))
    legs: dict[str, Callable[[], Any]] = {}
    for it in those:
        legs[f"kills: {it.name}"] = lambda it=it: killing.leg(it, share, base, seed)
    finished = base / "finished"
    for name, tried in injections.ALL.items():
        legs[name] = lambda tried=tried: tried(base / tried.__name__, finished, seed)
    return legs


def _at_once(
    legs: dict[str, Callable[[], Any]], names: list[str], jobs: int
) -> dict[str, dict[str, Any]]:
    """Run the legs, so many at once, and tell each as it ends."""
    context = multiprocessing.get_context("fork")
    told = context.SimpleQueue()
    waiting, running, results = list(names), 0, {}

    def work(name: str) -> None:
        try:
            tally = legs[name]()
            told.put((name, dict(tally.counts), tally.faults))
        except BaseException:
            told.put((name, {}, [traceback.format_exc()]))

    while waiting or running:
        while waiting and running < jobs:
            context.Process(target=work, args=(waiting.pop(0),)).start()
            running += 1
        name, counts, faults = told.get()
        running -= 1
        results[name] = {"counts": counts, "faults": faults}
        print(f"{name:<28} {counts} faults: {len(faults)}", flush=True)
        for fault in faults[:5]:
            print(f"  {fault}", flush=True)
    return results


def _faults(results: dict[str, dict[str, Any]]) -> int:
    return sum(len(it["faults"]) for it in results.values())


if __name__ == "__main__":
    sys.exit(main())
