"""Texts of HDF5 files lie in heaps whose parts must add up: the library goes round for ever if not.

A heap begins with `GCOL`, a version and its size; its parts follow, each with a number and a size;
the part with the number 0 is what is free, and ends the heap. All numbers are little-endian.
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path

BEGIN = b"GCOL\1\0\0\0"
HEAD, PART = 16, 16  # bytes before the first part, and before a part's content
Content = bytes | mmap.mmap


def refuse_broken_heaps(path: Path) -> None:
    """Raise a `ValueError` for a file that the HDF5 library could not get to the end of."""
    with path.open("rb") as file:
        if path.stat().st_size:
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
                broken_heaps(content)


def broken_heaps(content: Content) -> None:
    """As `refuse_broken_heaps`, of the bytes of a file."""
    at = content.find(BEGIN)
    while at >= 0:
        if not _adds_up(content, at):
            raise ValueError(f"the texts at byte {at} are damaged")
        at = content.find(BEGIN, at + 1)


def _adds_up(content: Content, at: int) -> bool:
    if at + HEAD > len(content):
        return False
    (size,) = struct.unpack_from("<Q", content, at + 8)
    place, end = at + HEAD, at + size
    if end > len(content):
        return False
    while place + PART <= end:
        number, _, _, length = struct.unpack_from("<HHIQ", content, place)
        if number == 0:
            return bool(place + length == end)
        place += PART + -(-length // 8) * 8
    return bool(place <= end)
