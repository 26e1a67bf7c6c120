"""What was tried, and what went wrong."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from children import Ended


@dataclass
class Tally:
    """Counts by what happened, and the faults in words."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def look(self, ended: Ended, what: str) -> None:
        """A door that ended otherwise than well must have said why, in words for its user."""
        if ended.unclear or ended.code in (70, 124) or ended.code < 0:
            self.faults.append(f"{what}: code {ended.code}: {ended.said[-600:]}")
