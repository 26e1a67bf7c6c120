"""Matrices of MATLAB 4 files, as Challenge records have them; nothing is taken on trust."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tremor.data.sources.cells import Unusable

KINDS = ("f8", "f4", "i4", "i2", "u2", "u1")  # by the tens of the type's number
BIG = 1000  # added to it where the bytes are big-endian
HEAD = 20  # bytes before the name
LONGEST_NAME = 64
MOST_MATRICES = 64
CUT = "a .mat that ends early"


def read_mat4(data: bytes, wanted: str = "val") -> NDArray[Any]:
    """The matrix `wanted` of a file, as a view into its bytes `(row, column)`."""
    start = 0
    for _ in range(MOST_MATRICES):
        if start == len(data):
            break
        name, matrix, start = _matrix(data, start)
        if name == wanted:
            return matrix
    raise Unusable(f"no matrix {wanted} in the .mat")


def _matrix(data: bytes, start: int) -> tuple[str, NDArray[Any], int]:
    """The matrix at `start`: its name, its elements, and where it ends."""
    if start + HEAD > len(data):
        raise Unusable(CUT)
    order = "<" if struct.unpack_from("<i", data, start)[0] in range(BIG) else ">"
    number, rows, columns, imaginary, length = struct.unpack_from(f"{order}5i", data, start)
    kind = number - BIG * (order == ">")
    if kind % 10 or kind not in range(0, 10 * len(KINDS), 10) or imaginary:
        raise Unusable("a .mat of another kind than full matrices of real numbers")
    if min(rows, columns) < 1 or not 0 < length <= LONGEST_NAME:
        raise Unusable("a .mat whose matrix has no size or no name")
    dtype = np.dtype(order + KINDS[kind // 10])
    first = start + HEAD + length
    end = first + rows * columns * dtype.itemsize
    if end > len(data):
        raise Unusable(CUT)
    name = data[first - length : first].split(b"\0")[0].decode("latin-1")
    return name, np.ndarray((rows, columns), dtype, data, first, order="F"), end
