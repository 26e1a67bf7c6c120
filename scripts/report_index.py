"""Write one page over all runs of an outputs folder: state, score, verdict, and links."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tremor.errors import TremorError
from tremor.report.index import write_index
from tremor.report.listing import ORDER


def parser() -> argparse.ArgumentParser:
    """What can be asked."""
    made = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    made.add_argument(
        "outputs",
        type=Path,
        nargs="?",
        default=Path("outputs"),
        help="folder with runs at any depth (default: outputs); index.html is written into it",
    )
    return made


def main(arguments: list[str] | None = None) -> int:
    """Look, write the page, say what was found; returns the exit code."""
    asked = parser().parse_args(arguments)
    try:
        page, it = write_index(asked.outputs)
    except TremorError as error:
        print(error, file=sys.stderr)
        return error.code
    counts = [f"{it.count(state)} {state}" for state in reversed(ORDER) if it.count(state)]
    print(f"{len(it.runs)} runs: {', '.join(counts)}")
    print(f"written  {page}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
