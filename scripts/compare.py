"""Compare finished runs: means over seeds with intervals, paired tests, figures and one page."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tremor.errors import TremorError
from tremor.evaluation.compare import compare
from tremor.evaluation.compared import CHANCE
from tremor.evaluation.found_runs import find, single
from tremor.evaluation.runs import Run
from tremor.files import free
from tremor.report.comparison import sentences, write
from tremor.report.comparison_tables import terminal


def parser() -> argparse.ArgumentParser:
    """What can be asked."""
    made = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    made.add_argument("runs", type=Path, nargs="+", help="run folders, or folders above them")
    made.add_argument("--out", type=Path, help="new folder (default comparisons/<time>)")
    made.add_argument("--replace", action="store_true", help="put it in the place of an old one")
    made.add_argument(
        "--metric",
        choices=list(CHANCE),
        help="what is compared (default balanced_accuracy, or macro_auroc where a record may have "
        "several classes, as for the last four); distance, within_one and kappa need an order",
    )
    made.add_argument("--head", help="which question is compared, of runs that answer several")
    made.add_argument(
        "--allow-other-records",
        action="store_true",
        help="go on where test records differ, without a test of those pairs",
    )
    made.add_argument(
        "--draws", type=int, default=2000, help="draws, and the fewest swaps (default 2000)"
    )
    made.add_argument("--seed", type=int, default=0, help="of the draws (default 0)")
    made.add_argument(
        "--against",
        type=Path,
        metavar="RUN",
        help="one of the runs: test only its configuration against the others (an ablation)",
    )
    made.add_argument(
        "--over",
        metavar="KEY",
        help="numeric key for the x axis of a curve, such as model.hidden_size",
    )
    return made


def _view(head: str | None) -> Callable[[Run], Run]:
    """What of each run is compared."""
    return single if head is None else lambda run: run.of_head(head)


def main(arguments: list[str] | None = None) -> int:
    """Compare, say what was found, write the folder; returns the exit code."""
    asked = parser().parse_args(arguments)
    console = Console(highlight=False, soft_wrap=True)
    try:
        comparison = compare(
            find(asked.runs, _view(asked.head)),
            metric=asked.metric,
            over=asked.over,
            against=asked.against,
            allow_other_records=asked.allow_other_records,
            draws=asked.draws,
            seed=asked.seed,
        )
        out = asked.out or free(Path("comparisons") / time.strftime("%Y-%m-%d__%H_%M_%S"))
        files = write(comparison, out, replace=asked.replace)
    except TremorError as error:
        print(error, file=sys.stderr)
        return error.code
    for sentence in (*sentences(comparison), *comparison.notes):
        console.print(f"• {sentence}", markup=False)
    console.print(terminal(comparison))
    print("\nwritten:")
    for path in files:
        print(f"  {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
