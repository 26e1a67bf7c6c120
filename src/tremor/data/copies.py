"""Signals that repeat an earlier one, known by their fingerprints: 16 bytes a record."""

from __future__ import annotations

import numpy as np

RECENT = 100_000  # fingerprints that are kept in a dict before they join the sorted ones


class Copies:
    """Which records came before, by the first eight bytes of their fingerprints."""

    def __init__(self) -> None:
        self.recent: dict[int, int] = {}
        self.marks = np.zeros(0, np.uint64)
        self.places = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self.marks) + len(self.recent)

    def earlier(self, fingerprint: str) -> int | None:
        """The number of the record that had this fingerprint (hexadecimal); else it is noted."""
        mark = int(fingerprint[:16], 16)
        if mark in self.recent:
            return self.recent[mark]
        at = int(np.searchsorted(self.marks, np.uint64(mark)))
        if at < len(self.marks) and int(self.marks[at]) == mark:
            return int(self.places[at])
        self.recent[mark] = len(self)
        if len(self.recent) == RECENT:
            self._settle()
        return None

    def _settle(self) -> None:
        marks = np.concatenate([self.marks, np.fromiter(self.recent, np.uint64, RECENT)])
        places = np.concatenate([self.places, np.fromiter(self.recent.values(), np.int64, RECENT)])
        order = np.argsort(marks, kind="stable")
        self.marks, self.places, self.recent = marks[order], places[order], {}
