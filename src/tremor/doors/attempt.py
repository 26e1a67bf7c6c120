"""What only tells of runs must not change how they ended: its own fault is said, and no error."""

from __future__ import annotations

import sys
from collections.abc import Callable

from tremor.errors import visible


def attempt(failed: str, write: Callable[[], None], onward: str = "") -> None:
    """Do what tells of runs; what keeps it from that is printed with its remedy."""
    from tremor.doors.shell import translated

    try:
        write()
    except Exception as error:
        fault = translated(error)
        print(visible(f"\n{failed}: {fault.problem}"), file=sys.stderr)
        where = f"where: {fault.where}\n" if fault.where else ""
        then = f"; then {onward}" if onward else ""
        print(visible(f"{where}remedy: {fault.remedy}{then}"), file=sys.stderr)
