"""Collect the folds of a cross-validation: mean and spread over them, all of them judged as one."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from rich.console import Console

from tremor.errors import TremorError
from tremor.evaluation.fold_sentences import sentences
from tremor.evaluation.folds import collect
from tremor.report.folds import notes, write
from tremor.report.folds_tables import terminal


def parser() -> argparse.ArgumentParser:
    """What can be asked."""
    made = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    made.add_argument(
        "runs", type=Path, nargs="+", help="a sweep's folder, run folders, or folders above them"
    )
    made.add_argument("--out", type=Path, help="new folder (default comparisons/folds_<time>)")
    made.add_argument("--replace", action="store_true", help="put it in the place of an old one")
    made.add_argument(
        "--allow-missing", action="store_true", help="go on where folds are missing, and say which"
    )
    made.add_argument(
        "--cache-dir", type=Path, help="where the records are, if no longer in the runs' cache_dir"
    )
    return made


def main(arguments: list[str] | None = None) -> int:
    """Collect, say what was found, write the folder; returns the exit code."""
    asked = parser().parse_args(arguments)
    console = Console(highlight=False, soft_wrap=True)
    try:
        found = collect(asked.runs, allow_missing=asked.allow_missing, cache_dir=asked.cache_dir)
        out = asked.out or Path("comparisons") / time.strftime("folds_%Y-%m-%d__%H_%M_%S")
        files = write(found, out, replace=asked.replace)
    except TremorError as error:
        print(error, file=sys.stderr)
        return error.code
    for line in found.leaks:
        console.print(f"• {line}", markup=False)
    for one in found.made:
        console.print(f"\n{one.name}, seed {one.seed}: {len(one.runs)} folds", markup=False)
        for sentence in sentences(one):
            console.print(f"• {sentence}", markup=False)
        console.print(terminal(one))
    for note in notes(found):
        console.print(note, markup=False)
    print("\nwritten:")
    for path in files:
        print(f"  {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
