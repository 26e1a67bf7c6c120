"""The rungs of the ladder of splits: what each keeps apart, and what it needs of the data."""

from __future__ import annotations

from dataclasses import dataclass

LEAKY, FAIR = "by_record", "random"


@dataclass(frozen=True)
class Rung:
    """A split by its name in `dataset.event_split_method`, and what it asks of a network."""

    method: str
    name: str
    asks: str
    folded: bool = False
    timed: bool = False


RUNGS = {
    rung.method: rung
    for rung in (
        Rung(LEAKY, "random records", "other records of events that trained: this leaks"),
        Rung(FAIR, "whole events", "events that never trained"),
        Rung("time_forward", "later events", "the last events of each class", timed=True),
        Rung("leave_station_out", "other stations", "stations and events that never trained", True),
        Rung("leave_event_out", "every event once", "each event by a network without it", True),
    )
}
"""From the easiest to the hardest question, but for the last: it asks the second of all events."""
