"""What numpy's own names in a pickle stand for: types, arrays and single numbers."""

from __future__ import annotations

import math
import re
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tremor.data.sources.pickled_calls import Call, Meanings, NotUnderstood, everywhere, unread
from tremor.data.sources.pickled_plain import bytes_of

Array: TypeAlias = NDArray[Any]
NUMBER_OR_TEXT = re.compile(
    r"[|<>=]?(b1|[iu][1248]|f(2|4|8|12|16)|c(8|16|24|32)|[SU]\d+|O[48]?|[Mm]8)"
)
TIME_UNITS = ("generic", "Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as")


def dtype(call: Call, meant: Meanings) -> np.dtype[Any]:
    """A type of plain numbers, text, times or objects; not one made of several fields."""
    code = call.arguments[0]
    if not isinstance(code, str) or not NUMBER_OR_TEXT.fullmatch(code):
        raise NotUnderstood("an array of something other than numbers, text, times or objects")
    found = np.dtype(code)
    state: tuple[Any, ...] = call.state or (3, "|")
    _, order, *fields = state
    if any(part is not None for part in fields[:3]):
        raise NotUnderstood("an array whose elements have several fields")
    if found.kind in "Mm":
        found = np.dtype(f"{found.kind}8[{_time_unit(meant, fields)}]")
    return found.newbyteorder(order) if order in ("<", ">") else found


def _time_unit(meant: Meanings, fields: list[Any]) -> str:
    """The unit in the last part of a time type's state: `(…, (unit, count, 1, 1))`."""
    if not fields or not isinstance(fields[-1], tuple):
        return "generic"
    unit, count, *_ = meant(fields[-1][-1])
    name = unit.decode() if isinstance(unit, bytes) else unit
    if name not in TIME_UNITS or type(count) is not int:
        raise NotUnderstood("times in an unknown unit")
    return name if count == 1 else f"{count}{name}"


def array(call: Call, meant: Meanings) -> Array:
    """An array from its state: (version, shape, dtype, Fortran order, data)."""
    _, shape, kind, fortran, data = call.state
    return _shaped(meant, data, kind, shape, "F" if fortran else "C")


def array_of_buffer(call: Call, meant: Meanings) -> Array:
    """An array as protocol 5 writes it: data, dtype, shape, order."""
    data, kind, shape, order = call.arguments
    return _shaped(meant, data, kind, shape, "F" if order == "F" else "C")


def _shaped(meant: Meanings, data: Any, kind: Any, shape: Any, order: Literal["C", "F"]) -> Array:
    """The array; numpy lists objects row by row whatever their order in memory."""
    sizes = isinstance(shape, tuple) and all(type(n) is int and n >= 0 for n in shape)
    if not sizes:
        raise NotUnderstood("an array whose shape is not one")
    flat = _flat(meant, meant(data), meant(kind))
    if math.prod(shape) != len(flat):
        raise NotUnderstood("an array that announces another size than it has")
    return flat.reshape(shape, order="C" if flat.dtype.hasobject else order)


def _flat(meant: Meanings, data: Any, kind: np.dtype[Any]) -> Array:
    """One row of elements, in memory of its own."""
    if kind.hasobject:
        return _objects(meant, data)
    raw = bytes_of(data)
    if not kind.itemsize or len(raw) % kind.itemsize:
        raise NotUnderstood("an array that ends inside an element")
    flat = np.ndarray(len(raw) // kind.itemsize, kind, raw)
    if not isinstance(raw, bytearray):
        meant.copy(len(raw))
        flat = flat.copy()
    return text_checked(flat)


def text_checked(flat: Array) -> Array:
    """The array itself, whose letters (if it has any) are Unicode."""
    if flat.dtype.kind == "U" and flat.size:
        letters = flat.view(np.dtype("u4").newbyteorder(flat.dtype.byteorder))
        if letters.max() > 0x10FFFF:
            raise NotUnderstood("text with letters that do not exist")
    return flat


def _objects(meant: Meanings, items: Any) -> Array:
    if not isinstance(items, list):
        raise NotUnderstood("an array of objects that are not listed")
    meant.copy(8 * len(items))
    flat = np.empty(len(items), object)
    for place, item in enumerate(items):
        flat[place] = item
    return flat


def scalar(call: Call, meant: Meanings) -> Any:
    """One numpy number, time or text."""
    kind, *data = map(meant, call.arguments)
    if kind.hasobject:
        raise NotUnderstood("a numpy scalar that holds an object")
    return _flat(meant, data[0], kind)[0] if kind.itemsize else kind.type()


ARRAY_NAMES: dict[str, Any] = {
    "numpy.dtype": dtype,
    "numpy.ndarray": unread,
    **everywhere(
        ("numpy.core.multiarray", "numpy._core.multiarray"),
        {"_reconstruct": array, "scalar": scalar},
    ),
    **everywhere(("numpy.core.numeric", "numpy._core.numeric"), {"_frombuffer": array_of_buffer}),
}
