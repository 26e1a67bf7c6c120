"""The ladder of splits: one configuration under random records, whole events, later events, other
stations and every event in turn, each trained and judged, and how much of its score is the split's.

  python scripts/ladder.py experiment=quickstart dataset.records.world.windows=3
  python scripts/ladder.py experiment=stations/cnn --seeds 1,2,3 --out ladders/cnn
  python scripts/ladder.py --runs outputs/quickstart/<sweep>
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from rich.console import Console

from tremor.doors.shell import translated
from tremor.errors import STOPPED, Refused, TremorError
from tremor.evaluation.compared import CHANCE
from tremor.evaluation.found_runs import find, single
from tremor.evaluation.ladder import ladder
from tremor.evaluation.ladder_words import sentences
from tremor.evaluation.rungs import RUNGS

WIDE = 10_000
"""Columns that no table needs: it is never cut."""


def parser() -> argparse.ArgumentParser:
    """What can be asked."""
    shape = argparse.RawDescriptionHelpFormatter
    made = argparse.ArgumentParser(description=__doc__, allow_abbrev=False, formatter_class=shape)
    made.add_argument(
        "overrides", nargs="*", metavar="key=value", help="what simple_train.py takes"
    )
    made.add_argument("--runs", type=Path, nargs="+", help="train nothing: runs that are there")
    made.add_argument("--seeds", type=_numbers, default=[1, 2, 3], help="default 1,2,3")
    made.add_argument("--folds", type=int, default=5, help="of the rungs in folds (default 5)")
    said = f"some of {','.join(RUNGS)} (default all)"
    made.add_argument("--rungs", type=_rungs, default=list(RUNGS), metavar="RUNG,…", help=said)
    made.add_argument(
        "--out", type=Path, help="folder of the runs, or one to go on with (default ladders/<time>)"
    )
    made.add_argument("--metric", choices=list(CHANCE), help="default balanced_accuracy")
    made.add_argument("--head", help="which question, of runs that answer several")
    made.add_argument("--draws", type=int, default=2000, help="of events and seeds (default 2000)")
    made.add_argument("--seed", type=int, default=0, help="of the draws (default 0)")
    return made


def _numbers(text: str) -> list[int]:
    """Seeds, each once."""
    if not all(word.strip().isdigit() for word in text.split(",")):
        raise argparse.ArgumentTypeError(f"{text} are no whole numbers: 1,2,3")
    return list(dict.fromkeys(int(word) for word in text.split(",")))


def _rungs(text: str) -> list[str]:
    """Rungs by name, in the order of the ladder."""
    names = text.split(",")
    if strange := [name for name in names if name not in RUNGS]:
        raise argparse.ArgumentTypeError(f"no rung {', '.join(strange)}: {', '.join(RUNGS)}")
    return [name for name in RUNGS if name in names]


def main(arguments: list[str] | None = None) -> int:
    """Train what is missing, score the rungs, write the page; returns the exit code."""
    asked = parser().parse_intermixed_args(arguments)
    try:
        return _climbed(asked)
    except KeyboardInterrupt:
        print("stopped; the same command with --out goes on where this ended", file=sys.stderr)
        return STOPPED
    except Exception as error:
        if os.environ.get("HYDRA_FULL_ERROR") == "1":
            raise
        told: TremorError = translated(error)
        print(told, file=sys.stderr)
        return told.code


def _climbed(asked: argparse.Namespace) -> int:
    from tremor.report.ladder import terminal, write

    if asked.runs and asked.overrides:
        said = "--runs takes runs that are there, and key=value trains others"
        raise Refused(said, "the command line", "one of the two")
    if asked.folds < 2:
        raise Refused(f"{asked.folds} folds leave nothing to train on", "--folds", "--folds 2")
    out = asked.out or Path("ladders") / time.strftime("%Y-%m-%d__%H_%M_%S")
    notes: list[str] = []
    failed = 0
    if not asked.runs:
        from tremor.doors.climbing import climb

        notes, failed = climb(out, asked.overrides, asked.seeds, asked.folds, asked.rungs)
    view = single if asked.head is None else lambda run: run.of_head(asked.head)
    settings = {"metric": asked.metric, "draws": asked.draws, "seed": asked.seed}
    made = ladder(find(asked.runs or [out], view), notes=notes, **settings)
    files = write(made, out / "ladder")
    console = Console(highlight=False, soft_wrap=True)
    for sentence in (*sentences(made), *made.notes):
        console.print(f"• {sentence}", markup=False)
    table = terminal(made)
    console.width = max(console.width, Console(width=WIDE).measure(table).maximum)
    console.print(table)
    print("\nwritten:")
    for path in files:
        print(f"  {path}")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
