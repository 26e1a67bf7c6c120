"""Calls that a pickle asks for, written down, and the numbers, text and arrays they stand for.

Nothing here calls what a file names: `ARRAY_NAMES` says, name by name, how we put the same thing
together from plain numbers, text and bytes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Meaning: TypeAlias = Callable[["Call", "Meanings"], Any]

NUMBER_OR_TEXT = re.compile(
    r"[|<>=]?(b1|[iu][1248]|f(2|4|8|12|16)|c(8|16|24|32)|[SU]\d+|O[48]?|[Mm]8)"
)
TIME_UNITS = ("generic", "Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as")
ATOMS = frozenset((type(None), bool, int, float, complex, str, bytes, bytearray))
KEYS = frozenset((type(None), bool, int, float, str, bytes))
LARGEST_KEY = 2**60
DEEPEST = 50


class NotUnderstood(Exception):
    """The parts of a file do not fit together as data; told without repeating them."""


@dataclass(frozen=True, slots=True)
class Name:
    """A dotted name in a pickle, not imported, and what it stands for: a meaning or a constant."""

    path: str
    stands_for: Any


@dataclass(eq=False, repr=False, slots=True)
class Call:
    """A call that a pickle asks for: what, with what, and the state that it would then set."""

    name: Name
    arguments: tuple[Any, ...] = ()
    state: Any = None


@dataclass(eq=False, repr=False, slots=True)
class Known:
    """A thing met before, its value, and how many parts it unfolds to; negative while open."""

    thing: Any
    value: Any = None
    parts: int = -1


class Meanings:
    """What the things of one file stand for, within limits set by the file's size in bytes.

    A thing that the file mentions many times is put together once. What unfolds to far more parts
    than the file has bytes, or copies its bytes over and over, is refused.
    """

    def __init__(self, size: int):
        self.depth, self.parts, self.copied = 0, 0, 0
        self.most_parts, self.most_copied = 100 * size + 100_000, 16 * size + 10_000_000
        self.seen: dict[int, Known] = {}

    def __call__(self, thing: Any) -> Any:
        """The data that a thing stands for."""
        if type(thing) in ATOMS:
            return thing
        if isinstance(thing, Name):
            return constant(thing)
        known = self.seen.get(id(thing))
        if known is None:
            return self._first(thing)
        if known.parts < 0:
            raise NotUnderstood("something contains itself")
        self.count(known.parts)
        return known.value

    def count(self, parts: int) -> None:
        """Take note of so many parts."""
        self.parts += parts
        if self.parts > self.most_parts:
            raise NotUnderstood("its parts unfold to far more than the file holds")

    def copy(self, size: int) -> None:
        """Take note of so many bytes copied."""
        self.copied += size
        if self.copied > self.most_copied:
            raise NotUnderstood("it repeats its bytes to far more than the file holds")

    def _first(self, thing: Any) -> Any:
        if self.depth == DEEPEST:
            raise NotUnderstood(f"it is nested deeper than {DEEPEST} levels")
        self.depth += 1
        known = self.seen[id(thing)] = Known(thing)
        before = self.parts
        self.count(1)
        known.value = self._made(thing)
        known.parts = self.parts - before
        self.depth -= 1
        return known.value

    def _made(self, thing: Any) -> Any:
        if isinstance(thing, Call):
            value = thing.name.stands_for(thing, self)
            thing.arguments, thing.state = (), None
            return value
        if not isinstance(thing, list | tuple | dict):
            raise NotUnderstood(f"a {type(thing).__name__} is not data")
        self.count(len(thing))
        if isinstance(thing, dict):
            return {key_checked(self(key)): self(value) for key, value in thing.items()}
        return type(thing)([x if type(x) in ATOMS else self(x) for x in thing])


def constant(name: Name) -> Any:
    """The value of a name that stands for one, such as pandas' missing value."""
    if callable(name.stands_for):
        raise NotUnderstood(f"{name.path} stands where data should be")
    return name.stands_for


def key_checked(key: Any) -> Any:
    """The key itself: text or a number of ordinary size, which cost nothing to look up."""
    if type(key) not in KEYS and not isinstance(key, np.generic):
        raise NotUnderstood(f"a {type(key).__name__} is used as a key")
    if type(key) is int and abs(key) > LARGEST_KEY:
        raise NotUnderstood("a number of more than 60 bits is used as a key")
    return key


def unread(call: Call, meant: Meanings) -> Any:
    """A name that is only ever mentioned, and holds no data itself."""
    raise NotUnderstood(f"{call.name.path} stands where data should be")


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
    raw = _bytes(data)
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


def _bytes(data: Any) -> bytes | bytearray:
    """Bytes as they are, or from the text that Python 2 wrote them as."""
    if isinstance(data, str):
        return data.encode("latin1")
    if not isinstance(data, bytes | bytearray):
        raise NotUnderstood("an array whose data are not bytes")
    return data


def scalar(call: Call, meant: Meanings) -> Any:
    """One numpy number, time or text."""
    kind, *data = map(meant, call.arguments)
    if kind.hasobject:
        raise NotUnderstood("a numpy scalar that holds an object")
    return _flat(meant, data[0], kind)[0] if kind.itemsize else kind.type()


def encoded(call: Call, meant: Meanings) -> bytes:
    """Bytes as protocols 0 to 2 write them: Latin-1 text."""
    text, coding = call.arguments
    if coding not in ("latin1", "latin-1"):
        raise NotUnderstood("text coded in another way than Latin-1")
    meant.copy(len(text))
    return bytes(_bytes(text))


def raw_bytes(call: Call, meant: Meanings) -> bytes:
    """`bytes`, `bytearray` and Arrow buffers: the bytes that they were given."""
    given = [meant(argument) for argument in call.arguments]
    if given[1:] not in ([], ["latin-1"], ["latin1"]):
        raise NotUnderstood("text coded in another way than Latin-1")
    raw = _bytes(given[0]) if given else b""
    meant.copy(len(raw))
    return bytes(raw)


def raw_bytearray(call: Call, meant: Meanings) -> bytearray:
    """As `raw_bytes`, but changeable."""
    return bytearray(raw_bytes(call, meant))


def whole_numbers(call: Call, meant: Meanings) -> tuple[Any, ...]:
    """Arguments that may only be whole numbers or nothing."""
    if not all(part is None or type(part) is int for part in call.arguments):
        raise NotUnderstood(f"{call.name.path} of something that is not whole numbers")
    return call.arguments


def slice_of(call: Call, meant: Meanings) -> slice:
    """A slice."""
    return slice(*whole_numbers(call, meant))


def duration(call: Call, meant: Meanings) -> timedelta:
    """A `datetime.timedelta` of days, seconds and microseconds."""
    return timedelta(*whole_numbers(call, meant))


def complex_number(call: Call, meant: Meanings) -> complex:
    """A complex number of two floats."""
    real, imaginary = call.arguments
    return complex(float(real), float(imaginary))


def rebuilt(call: Call, meant: Meanings) -> Any:
    """Protocols 0 and 1: `_reconstructor(class, object, None)`, then the state."""
    kind, *_ = call.arguments
    return kind.stands_for(Call(kind, (), call.state), meant)


def everywhere(modules: tuple[str, ...], names: dict[str, Any]) -> dict[str, Any]:
    """The names under each of the modules where they have lived over the years."""
    return {f"{module}.{name}": stands for module in modules for name, stands in names.items()}


BUILT_IN = {
    "bytes": raw_bytes,
    "bytearray": raw_bytearray,
    "complex": complex_number,
    "object": unread,
    "slice": slice_of,
}
ARRAY_NAMES: dict[str, Any] = {
    "_codecs.encode": encoded,
    "collections.OrderedDict": dict,
    "datetime.timedelta": duration,
    "numpy.dtype": dtype,
    "numpy.ndarray": unread,
    **everywhere(("builtins", "__builtin__"), BUILT_IN),
    **everywhere(("copyreg", "copy_reg"), {"_reconstructor": rebuilt}),
    **everywhere(
        ("numpy.core.multiarray", "numpy._core.multiarray"),
        {"_reconstruct": array, "scalar": scalar},
    ),
    **everywhere(("numpy.core.numeric", "numpy._core.numeric"), {"_frombuffer": array_of_buffer}),
}
