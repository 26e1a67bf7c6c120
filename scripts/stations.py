"""Stations beside each other: a `table` of scores, each network `across` the others, or `maps`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tremor.errors import STOPPED, TremorError, visible
from tremor.evaluation.across import across, refuse_mixed
from tremor.evaluation.by_station import stations
from tremor.evaluation.found_runs import find
from tremor.report import stations as report

WIDE = 10_000
"""Columns that no table needs: it is never cut."""


def parser() -> argparse.ArgumentParser:
    """What can be asked."""
    made = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    kinds = made.add_subparsers(dest="kind", required=True)
    table = kinds.add_parser("table", help="how good finished runs are at each of their stations")
    table.set_defaults(do=tabulate)
    matrix = kinds.add_parser(
        "across", help="train at one, test at the others: a matrix; judges what is not judged yet"
    )
    matrix.set_defaults(do=cross)
    matrix.add_argument(
        "--stations", help="where to test, with commas between (default all in the folder of data)"
    )
    matrix.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a key of the runs to change, such as trainer.accelerator=cpu",
    )
    maps = kinds.add_parser("maps", help="what explain.py found, of several runs in one figure")
    maps.set_defaults(do=lay_out)
    maps.add_argument("--explainer", help="folder below explanations/, where runs have several")
    for each in (table, matrix, maps):
        each.add_argument("runs", type=Path, nargs="+", help="run folders, or folders above them")
        each.add_argument("--out", type=Path, help="new folder (default comparisons/<kind>_<time>)")
        each.add_argument("--replace", action="store_true", help="put it in place of an old one")
    for each in (table, matrix):
        each.add_argument("--draws", type=int, default=2000, help="of means (default 2000)")
    for each in (table, matrix, maps):
        each.add_argument("--seed", type=int, default=0, help="of the draws (default 0)")
    return made


def main(arguments: list[str] | None = None) -> int:
    """Make the table or the matrix, say it, write the folder; returns the exit code."""
    asked = parser().parse_args(arguments)
    asked.out = asked.out or Path("comparisons") / time.strftime(f"{asked.kind}_%Y-%m-%d__%H_%M_%S")
    try:
        files = asked.do(asked)
    except TremorError as error:
        print(error, file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print("stopped; the same command goes on where this ended", file=sys.stderr)
        return STOPPED
    print("\nwritten:")
    for path in files:
        print(f"  {path}")
    return 0


def tabulate(asked: argparse.Namespace) -> list[Path]:
    """One row a station."""
    report.refuse_taken("stations", asked.out, asked.replace)
    found = stations(find(asked.runs), draws=asked.draws, seed=asked.seed)
    _say(report.sentences(found), *report.station_lines(found))
    return report.write_stations(found, asked.out, replace=asked.replace)


def cross(asked: argparse.Namespace) -> list[Path]:
    """A matrix: trained here, tested there."""
    report.refuse_taken("across", asked.out, asked.replace)
    runs = find(asked.runs).runs
    refuse_mixed(runs)
    from tremor.doors.across import judge_elsewhere

    wanted = asked.stations.split(",") if asked.stations else ()
    judged = list(judge_elsewhere(runs, wanted, asked.set))
    found = across(judged, draws=asked.draws, seed=asked.seed)
    _say(report.across_sentences(found), *report.across_lines(found, intervals=False))
    return report.write_across(found, asked.out, replace=asked.replace)


def lay_out(asked: argparse.Namespace) -> list[Path]:
    """Mean maps of all stations on one scale, and where classes differ."""
    report.refuse_taken("maps", asked.out, asked.replace)
    from tremor.report import station_maps

    found, caption = station_maps.gathered(asked.runs, asked.explainer)
    tested = station_maps.differences(found, asked.seed)
    for line in station_maps.sentences(found, tested):
        print(visible(f"• {line}"))
    return station_maps.write(found, tested, caption, asked.out, replace=asked.replace)


def _say(sentences: Sequence[str], heads: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for sentence in sentences:
        console.print(f"• {sentence}", markup=False)
    table = report.terminal(heads, lines)
    console.width = max(console.width, Console(width=WIDE).measure(table).maximum)
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
