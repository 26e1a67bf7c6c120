"""PNG files: three components as red, green and blue of eight bits."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tremor.data.sources.cells import Unusable
from tremor.files import write_whole

Pixels = NDArray[np.uint8]
HEAD, TAIL = b"\x89PNG\r\n\x1a\n", b"\0\0\0\0IEND\xaeB`\x82"
FAULTS = (
    *(OSError, SyntaxError, ValueError, EOFError, MemoryError, struct.error),
    Image.DecompressionBombError,
)
"""What Pillow raises about damaged files."""
MODES = ("RGB", "RGBA")
UNFOLDED = 1100  # times that what is packed by deflate may at most grow


def encoded(pixels: Pixels) -> bytes:
    """A picture `(row, column, 3)` as a file."""
    memory = io.BytesIO()
    Image.fromarray(pixels).save(memory, "png")
    return memory.getvalue()


def write_pictures(root: Path, names: list[str], pixels: Pixels) -> int:
    """Write pictures `(picture, row, column, 3)`, each whole; returns how many."""
    for name, picture in zip(names, pixels, strict=True):
        write_whole(root / name, encoded(picture))
    return len(names)


def is_whole(path: Path, rows: int, columns: int) -> bool:
    """Whether a PNG of this size lies there from its first byte to its last."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return False
    size = struct.pack(">II", columns, rows)
    return content.startswith(HEAD) and content[16:24] == size and content.endswith(TAIL)


def size_of(path: Path) -> tuple[int, int]:
    """Rows and columns, from the file's head."""
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            if picture.mode not in MODES:
                raise Unusable(f"mode {picture.mode}, not RGB or RGBA")
            _refuse_more(picture, path)
            return picture.height, picture.width
    except FAULTS as error:
        raise Unusable("cannot be read as PNG") from error


def decoded(path: Path) -> Pixels:
    """The pixels `(row, column, 3)`, without any alpha."""
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            _refuse_more(picture, path)
            return np.asarray(picture)[..., :3]
    except FAULTS as error:
        raise Unusable("cannot be read as PNG") from error


def _refuse_more(picture: Image.Image, path: Path) -> None:
    """A size that the file's bytes cannot fill would only take memory."""
    if picture.height * picture.width * len(picture.mode) > UNFOLDED * path.stat().st_size:
        raise Unusable("cannot be read as PNG: it announces more than it holds")
