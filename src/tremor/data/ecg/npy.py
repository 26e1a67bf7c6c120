"""Arrays of .npy and .npz files; text that is stored as objects without running anything."""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from tremor.data.sources.pickled_arrays import text_checked
from tremor.data.sources.pickled_calls import Call, Meanings, Name, NotUnderstood, unread
from tremor.data.sources.safe_pickle import Scribe, understood
from tremor.errors import Refused

Array = NDArray[Any]
LARGEST = 1 << 30  # bytes of an array in an archive
TABLES = ("numpy.recarray", "numpy.rec.recarray", "numpy.record", "numpy.core.records.recarray")
BROKEN = "save the array again, or fetch the file again"


class TableScribe(Scribe):
    """As `Scribe`, which also lets numpy's tables be named: they are put together from their rows.

    Like all calls, theirs is only written down.
    """

    def find_class(self, module: str, name: str) -> Name:
        path = f"{module}.{name}"
        return Name(path, unread) if path in TABLES else super().find_class(module, name)


def read_npy(path: Path) -> Array:
    """The array of a .npy file."""
    return array_of(_bytes_of(path), path)


def read_npz(path: Path) -> dict[str, Array]:
    """The arrays of a .npz archive by name."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > LARGEST:
                problem = f"its arrays take more than {LARGEST >> 20} MB"
                raise Refused(problem, str(path), "give a smaller archive")
            found = {member.filename: archive.read(member) for member in members}
    except Refused:
        raise
    except Exception as error:  # zipfile and zlib raise of all kinds about damaged files
        said = str(error) or type(error).__name__
        raise Refused(f"cannot read it as an archive ({said})", str(path), BROKEN) from error
    return {name.removesuffix(".npy"): array_of(data, path) for name, data in found.items()}


def array_of(data: bytes, path: Path) -> Array:
    """The array that the bytes of a .npy file hold; `path` is where they are from."""
    file = io.BytesIO(data)
    try:
        version = npy.read_magic(file)  # type: ignore[no-untyped-call]
        read = {(1, 0): npy.read_array_header_1_0}.get(version, npy.read_array_header_2_0)
        shape, fortran, dtype = read(file)  # type: ignore[no-untyped-call]
    except Exception as error:
        raise Refused("cannot read it as an array: a broken head", str(path), BROKEN) from error
    body, size = data[file.tell() :], math.prod(shape)
    if dtype.hasobject:
        return _objects(body, path, dtype, shape)
    if min(shape, default=0) < 0 or size * dtype.itemsize != len(body):
        problem = f"{len(body)} bytes for an array of {shape} {dtype}"
        raise Refused(problem, str(path), BROKEN)
    flat = np.frombuffer(body, dtype) if len(body) else np.empty(size, dtype)
    for name in dtype.names or [...]:
        _refuse_no_letters(flat[name], path)
    return flat.reshape(shape, order="F" if fortran else "C")


def _refuse_no_letters(flat: Array, path: Path) -> None:
    try:
        text_checked(np.ascontiguousarray(flat))
    except NotUnderstood as error:
        raise Refused(f"cannot read it as an array: {error}", str(path), BROKEN) from error


def _objects(body: bytes, path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """An array of text or of rows, whose elements numpy lists one by one in a pickle."""

    def meaning(data: bytes) -> Array:
        return _listed(TableScribe(data).whole(), len(data), dtype, shape)

    found: Array = understood(body, path, meaning)
    return found


def _listed(call: Any, size: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """The array from what a pickle writes down of it: its state ends with its elements."""
    if not isinstance(call, Call) or not isinstance(call.state, tuple) or len(call.state) != 5:
        raise NotUnderstood("it is no array")
    elements = Meanings(size)(call.state[-1])
    if not isinstance(elements, list) or len(elements) != math.prod(shape):
        raise NotUnderstood("an array that announces another size than it has")
    if len(elements) * dtype.itemsize > 64 * size + 100_000:
        raise NotUnderstood("its elements would take far more than the file holds")
    array = np.empty(len(elements), dtype)
    array[:] = elements
    return array.reshape(shape)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        problem = f"cannot read it: {error.strerror}"
        raise Refused(problem, str(path), "check the folder, or write it again") from error
