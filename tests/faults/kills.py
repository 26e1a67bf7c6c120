"""Doors killed at random moments, again and again, until one call may end: nothing may be lost."""

from __future__ import annotations

import random
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from children import killed, run
from scenarios import Scenario
from tally import Tally
from whole import broken, kept, scratch

PASSING = ("traceback.txt", "job.json")
"""What a job that goes on takes away, or writes anew."""
MOST = 3
"""Kills of one folder before a call may end."""
SIGNS = (signal.SIGKILL, signal.SIGTERM)


def leg(scenario: Scenario, count: int, base: Path, seed: int) -> Tally:
    """At least so many kills of a scenario."""
    tally = Tally()
    chance = random.Random(f"{seed} {scenario.name}")
    home = base / scenario.name.replace(" ", "_")
    scenario.prepare(home)
    first = run(home, *scenario.words(home))
    if first.code:
        tally.faults.append(f"without a kill: {first.said[-500:]}")
        return tally
    wanted = scenario.outcome(home)
    while tally.counts["kills"] < count:
        shutil.rmtree(home)
        scenario.prepare(home)
        _trial(scenario, home, wanted, first.took, chance, tally)
    shutil.rmtree(home)
    return tally


def _trial(
    scenario: Scenario,
    home: Path,
    wanted: Sequence[str],
    took: float,
    chance: random.Random,
    tally: Tally,
) -> None:
    """One folder: some kills, then a call that may end."""
    story = []
    for _ in range(chance.randint(1, MOST)):
        before = {path for path in kept(home) if path.name not in PASSING}
        words, sign = scenario.words(home), chance.choice(SIGNS)
        moment = chance.uniform(0, 1.05 * took)
        ended = killed(home, words, moment, sign)
        story.append(f"{' '.join(words)[-60:]} {sign.name} at {moment:.3f} s -> {ended.code}")
        tally.counts["kills"] += 1
        tally.counts[sign.name] += 1
        tally.counts["had ended"] += ended.code == 0
        lost = [str(path) for path in before - set(kept(home)) if not _done_with(path)]
        wrong = [f"half written: {it}" for it in broken(home)] + [f"lost: {it}" for it in lost]
        if ended.code != -sign:
            tally.look(ended, "unclear end")
        tally.faults += [f"{it}\n  after {story}" for it in wrong]
    last = run(home, *scenario.words(home))
    tally.counts["folders"] += 1
    tally.counts["scratch left"] += len(scratch(home))
    if last.code:
        tally.faults.append(f"not taken up: {last.said[-600:]}\n  after {story}")
    elif scenario.outcome(home) != wanted:
        tally.faults.append(f"other results\n  after {story}")


def _done_with(path: Path) -> bool:
    """Whether it was a part of maps that have been put together since."""
    return path.parent.name == "parts" and (path.parents[1] / "explanation.h5").is_file()
