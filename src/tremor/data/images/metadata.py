"""What the table beside pictures says of them, in our words."""

from __future__ import annotations

import re
from pathlib import Path

from tremor.data.images.layout import TABLE
from tremor.data.sources.cells import number, written
from tremor.data.sources.norcia import NUMBERS, event, moment
from tremor.data.sources.norcia_files import lacks, refuse_lacking
from tremor.data.sources.norcia_hdf5 import attribute_table
from tremor.data.sources.stations import EVENTS
from tremor.data.writer import Row

OWN = ("magnitude", "depth_km", "latitude", "longitude", "distance_km", "p_time_s", "snr_db")
"""Numbers of our own tables that stay with a picture."""
STARTS = ("start_time", "trace_start_time")


def known_pictures(root: Path, event_column: str | None) -> dict[tuple[str, ...], Row]:
    """The table's row of each picture by root, folder, class and file name.

    Tools differ in the folder that `filename` starts from: only its last three parts count.
    """
    path = root / TABLE
    if not path.is_file():
        return {}
    table = attribute_table(path, ("filename",))
    refuse_lacking(table, [] if event_column is None else [event_column], path)
    rows = [{str(k): v for k, v in row.items()} for row in table.to_dict("records")]
    return {(root.name, *re.split(r"[/\\]", str(row["filename"]))[-3:]): row for row in rows}


def event_of(known: Row, event_column: str | None) -> str:
    """The name of a picture's earthquake, or nothing."""
    wanted = ("group", *EVENTS) if event_column is None else (event_column,)
    column = next((name for name in wanted if not lacks(known.get(name))), None)
    if column is None:
        return ""
    if column == "source_origin_time":
        return written(moment(known, column).replace(microsecond=0))
    return event(known[column])


def facts_of(known: Row) -> Row:
    """Numbers (degrees, km, s, dB) and the start of the record (UTC)."""
    row: Row = {new: number(known[old]) for new, old in NUMBERS.items() if old in known}
    row |= {name: number(known[name]) for name in OWN if name in known}
    start = next((name for name in STARTS if not lacks(known.get(name))), None)
    return row | {"start_time": written(moment(known, start)) if start else ""}
