"""Matrices of MATLAB 5 files, which other programs make of records; nothing is taken on trust.

Only full matrices of real numbers are read. Objects, functions and cells are not even looked at,
and what is compressed may unfold to no more than `UNFOLDED` times the file.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tremor.data.ecg.mat4 import CUT, MOST_MATRICES
from tremor.data.sources.cells import Unusable

HEAD = 128  # bytes before the first element
TAG = 8
MATRIX, COMPRESSED = 14, 15
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
NUMBERS = range(6, 16)  # classes of arrays that hold plain numbers
COMPLEX = 0x0800
UNFOLDED = 50
Element = tuple[int, bytes, int]  # type, content, where the next one begins


def read_mat5(data: bytes, wanted: str = "val") -> NDArray[Any]:
    """The matrix `wanted` of a file `(row, column)`."""
    order = {b"IM": "<", b"MI": ">"}.get(data[HEAD - 2 : HEAD])
    if order is None:
        raise Unusable("a .mat with a broken head")
    start = HEAD
    for _ in range(MOST_MATRICES):
        if start >= len(data):
            break
        kind, content, start = _element(data, start, order)
        if kind == COMPRESSED:
            kind, content, _ = _element(_unfolded(content, len(data)), 0, order)
        if kind == MATRIX and (found := _matrix(content, order, wanted)) is not None:
            return found
    raise Unusable(f"no matrix {wanted} in the .mat")


def _element(data: bytes, start: int, order: str) -> Element:
    """The element at `start`, which may be one of up to four bytes within its tag."""
    if start + TAG > len(data):
        raise Unusable(CUT)
    kind, size = struct.unpack_from(f"{order}2I", data, start)
    if kind >> 16:
        kind, size = kind & 0xFFFF, min(kind >> 16, 4)
        return kind, data[start + 4 : start + 4 + size], start + TAG
    first = start + TAG
    if first + size > len(data):
        raise Unusable(CUT)
    padded = size if kind == COMPRESSED else -(-size // 8) * 8
    return kind, data[first : first + size], first + padded


def _unfolded(content: bytes, size: int) -> bytes:
    try:
        return zlib.decompressobj().decompress(content, UNFOLDED * size)
    except zlib.error as error:
        raise Unusable("a .mat whose compression is broken") from error


def _matrix(content: bytes, order: str, wanted: str) -> NDArray[Any] | None:
    """The matrix in an element, if it is the one `wanted`."""
    flags, sizes, name, start = b"", b"", b"", 0
    _, flags, start = _element(content, start, order)
    _, sizes, start = _element(content, start, order)
    _, name, start = _element(content, start, order)
    if name.decode("latin-1") != wanted:
        return None
    if len(flags) != 8 or len(sizes) != 8:
        raise Unusable("a .mat whose matrix has other than two dimensions")
    (said,) = struct.unpack_from(f"{order}I", flags)
    if (said & 0xFF) not in NUMBERS or said & COMPLEX:
        raise Unusable("a .mat of another kind than full matrices of real numbers")
    kind, numbers, _ = _element(content, start, order)
    if kind not in TYPES:
        raise Unusable("a .mat of another kind than full matrices of real numbers")
    rows, columns = struct.unpack(f"{order}2i", sizes)
    dtype = np.dtype(order + TYPES[kind])
    if min(rows, columns) < 1 or rows * columns * dtype.itemsize != len(numbers):
        raise Unusable("a .mat whose matrix has another size than it says")
    return np.frombuffer(numbers, dtype).reshape((rows, columns), order="F")
