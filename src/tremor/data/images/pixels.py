"""Pictures as records: which size they have, their samples, and what a glance at them tells."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from tremor.data.images.layout import Range
from tremor.data.images.png import decoded, size_of
from tremor.data.records import Signal
from tremor.data.sources.cells import Unusable
from tremor.data.writer import Row
from tremor.errors import Refused

COLOURS = ("R", "G", "B")
Size = tuple[int, int]
"""Rows and columns."""


def sizes_of(paths: Iterable[Path]) -> dict[Path, Size | str]:
    """The size of each picture, or why it cannot be read."""
    return {path: _size_or_fault(path) for path in paths}


def _size_or_fault(path: Path) -> Size | str:
    try:
        return size_of(path)
    except Unusable as reason:
        return str(reason)


def commonest(sizes: Mapping[Path, Size | str], where: str) -> Size:
    """The size that most pictures have; refused where none can be read."""
    counts = Counter(size for size in sizes.values() if not isinstance(size, str))
    if not counts:
        said = Counter(map(str, sizes.values())).most_common(3)
        why = ", ".join(f"{count} x {reason}" for reason, count in said) or "none there"
        raise Refused(f"no usable picture: {why}", where, "give RGB or RGBA PNG files")
    return counts.most_common(1)[0][0]


def signal_of(path: Path, size: Size | str, wanted: Size) -> Signal:
    """A picture as `(colour, column * row)` of 0 … 1, column after column: still in time."""
    if isinstance(size, str):
        raise Unusable(size)
    if size != wanted:
        (high, wide), (rows, columns) = size, wanted
        raise Unusable(f"{high} x {wide} pixels, not {rows} x {columns}")
    pixels = decoded(path)
    if (pixels == pixels[:1, :1]).all():
        raise Unusable("all pixels equal")
    by_column = pixels.transpose(2, 1, 0).reshape(3, -1)
    return by_column.astype(np.float32) / np.float32(255)


def mean_colour(signal: Signal) -> Row:
    """`mean_R`, `mean_G`, `mean_B` (0 … 1) of `(colour, pixel)`: what is seen without detail."""
    means = signal.mean(axis=1, dtype=np.float64)
    return {f"mean_{colour}": float(m) for colour, m in zip(COLOURS, means, strict=True)}


def pixel_rate(size: Size, extent: Range | None) -> float:
    """Pixels a second (Hz); a column counts as one where times are not known."""
    rows, columns = size
    first, last = (0.0, 0.0) if extent is None else extent[2:]
    return rows * (columns - 1) / (last - first) if last > first else float(rows)


def fingerprint_of(named: Iterable[tuple[str, Path]]) -> str:
    """What pictures are, and what each is called: changes with any byte or name."""
    mark = hashlib.blake2b(digest_size=16)
    for name, path in named:
        mark.update(name.encode() + b"\0" + path.read_bytes())
    return mark.hexdigest()
