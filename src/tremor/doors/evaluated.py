"""At the end of `evaluate.py -m checkpoint=a,b`: what was judged on the same records is compared.

Hydra makes this object before anything else: nothing here loads torch until a sweep has ended.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from tremor.doors.attempt import attempt
from tremor.files import free, near


@dataclass(frozen=True)
class Judged:
    """A verdict of this process: whose, of which part, under which config, and where it lies."""

    whose: Path
    split: str
    config: dict[str, Any]
    folder: Path


JUDGED: list[Judged] = []
"""The verdicts of this process, in the order that they were made."""
BASIC = "BasicLauncher"
LATER = "python scripts/compare.py <run> <run> compares their test parts"


class CompareJudged(Callback):
    """Compares the runs that a sweep of the judging door has judged."""

    def on_multirun_start(self, config: DictConfig, **kwargs: Any) -> None:
        JUDGED.clear()

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        """One comparison for each part of the split of which several runs were judged."""
        for split in dict.fromkeys(one.split for one in JUDGED):
            ours = {one.whose: one for one in JUDGED if one.split == split}
            if len(ours) > 1:
                compare_judged(list(ours.values()))
        if not JUDGED and not str(config.hydra.launcher._target_).endswith(BASIC):
            print(f"\nnot compared, for other processes judged them: {LATER}")


def compare_judged(judged: list[Judged]) -> None:
    """Write a comparison of verdicts; what keeps them from being compared is said, and no error."""
    attempt("the runs were not compared", lambda: _compare(judged))


def _compare(judged: list[Judged]) -> None:
    from tremor.doors.echo import console, say
    from tremor.evaluation.compare import compare
    from tremor.evaluation.found_runs import Found, single
    from tremor.evaluation.runs import Run
    from tremor.report.comparison import sentences, write
    from tremor.report.comparison_tables import terminal

    read = [Run.judged_at(one.whose, one.config, one.folder) for one in judged]
    runs = [single(run) for run in read if run.labelled]
    asked = judged[0].config["evaluation"]
    settings = {name: asked[name] for name in ("level", "seed")} | {
        "draws": max(asked["draws"], 100)
    }
    made = compare(Found(runs, [], [], []), **settings)
    stamp = time.strftime("%Y-%m-%d__%H_%M_%S")
    split = judged[0].split
    folder = free(Path("comparisons") / (stamp if split == "test" else f"{stamp}_{split}"))
    write(made, folder)
    say(f"\ncompared {len(runs)} runs on {split}")
    for sentence in (*sentences(made), *made.notes):
        say(f"• {sentence}")
    console.print(terminal(made))
    for pair in made.pairs:
        say(
            _said(made.configurations[pair.first].name, made.configurations[pair.second].name, pair)
        )
    say(f"report   {near(folder.resolve() / 'comparison.html')}")


def _said(first: str, second: str, pair: Any) -> str:
    """One tested pair in a line."""
    it = pair.difference
    if it is None:
        return f"{first} against {second}: {pair.note}"
    ends = f" ({it.lo:+.3f} to {it.hi:+.3f})" if it.ends else ""
    stands = "clear" if pair.clear else "NOT clear"
    tested = f"p = {pair.p_holm:.3g} after Holm" if pair.p_holm is not None else "not tested"
    return f"{first} against {second}: {it.value:+.3f}{ends}, {tested}; {stands}"
