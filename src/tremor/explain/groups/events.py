"""Maps added up within each event: all that statistics over events need to know of the records."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from tremor.errors import Refused

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
FEWEST = 10
"""With fewer events than this there is neither an interval nor a test."""
BLOCK = 1_000_000
"""Numbers that a pass over draws or permutations holds at once."""
WHERE = "groups compared"


@dataclass(frozen=True)
class Events:
    """Sums `(event, cell)` and numbers of records `(event,)`, in the order of the events' names."""

    sums: Floats
    counts: Floats
    names: NDArray[np.str_]
    cells: tuple[int, ...]

    @classmethod
    def of(cls, values: ArrayLike, events: ArrayLike) -> Events:
        """Of maps `(record, *cells)` and the name of each record's event `(record,)`."""
        maps = np.asarray(values)
        number, names = numbered(events, len(maps))
        order = np.argsort(number, kind="stable")
        ends = np.cumsum(np.bincount(number, minlength=len(names)))
        sums = np.zeros((len(names), math.prod(maps.shape[1:])))
        for event, rows in enumerate(np.split(order, ends[:-1]) if len(names) else []):
            sums[event] = maps[rows].sum(0, dtype=np.float64).ravel()
        finite = np.isfinite(sums).all(1)
        if not finite.all():
            fault = f"maps of {(~finite).sum()} events are not finite (first: {names[~finite][0]})"
            raise Refused(fault, WHERE, "leave these records out")
        counts = np.bincount(number, minlength=len(names)).astype(np.float64)
        return cls(sums, counts, names, maps.shape[1:])

    @property
    def means(self) -> Floats:
        """The mean map of each event `(event, cell)`."""
        return self.sums / self.counts[:, None]

    @property
    def records(self) -> int:
        return int(self.counts.sum())

    def __len__(self) -> int:
        return len(self.names)

    def among(self, kept: Bools) -> Events:
        """Some of the events `(event,)`."""
        return Events(self.sums[kept], self.counts[kept], self.names[kept], self.cells)

    def as_one_record(self) -> Events:
        """Each event as if it had one record: its mean."""
        return Events(self.means, np.ones(len(self)), self.names, self.cells)


def numbered(events: ArrayLike, records: int) -> tuple[NDArray[np.intp], NDArray[np.str_]]:
    """Each record's event as a number `(record,)`, and the events' names `(event,)`, sorted."""
    given = np.asarray(events)
    if given.shape != (records,):
        fault = f"names of events of shape {given.shape} for {records} records"
        raise Refused(fault, WHERE, "the name of one event for each record")
    if unknown := int(np.asarray(pd.isna(given)).sum()):
        fault = f"{unknown} of {records} records belong to no event"
        raise Refused(fault, WHERE, "name the event of each record in the column group")
    names, number = np.unique(given.astype(str), return_inverse=True)
    return number, names
