"""What the calls written down in a pickle stand for: arrays, labels and frames.

pandas and numpy have pickled their objects in several ways over the years; each is understood here
from its parts, without calling anything of theirs that the file names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[Any]
PLAIN = re.compile(r"[|<>=]?([biufc][1-9]\d?|[SUV]\d+|b1|O8?|O4|[Mm]8)")
DEEPEST = 100


class NotUnderstood(Exception):
    """The parts do not fit together as data."""


@dataclass(frozen=True)
class Name:
    """A module's name that a pickle mentions; nothing was imported."""

    module: str
    name: str


@dataclass(eq=False)
class Call:
    """A call that a pickle asks for: what, with what, and the state it would then set."""

    name: str
    arguments: tuple[Any, ...]
    state: Any = None
    value: Any = field(default=None, repr=False)
    known: bool = field(default=False, repr=False)


def meant(thing: Any, depth: int = 0) -> Any:
    """The data that a thing stands for."""
    if depth > DEEPEST:
        raise NotUnderstood(f"nested deeper than {DEEPEST} levels")
    if isinstance(thing, Call):
        if not thing.known:
            thing.value, thing.known = MEANINGS[thing.name](thing, depth + 1), True
        return thing.value
    if isinstance(thing, list | tuple | set | frozenset):
        return type(thing)(meant(item, depth + 1) for item in thing)
    if isinstance(thing, dict):
        return {meant(k, depth + 1): meant(v, depth + 1) for k, v in thing.items()}
    if isinstance(thing, Name):
        raise NotUnderstood(f"{thing.name} where data should be")
    return thing


def _dtype(call: Call, depth: int) -> np.dtype[Any]:
    code = call.arguments[0]
    if not isinstance(code, str) or not PLAIN.fullmatch(code):
        raise NotUnderstood(f"dtype {code!r}")
    found = np.dtype(code)
    state = call.state if isinstance(call.state, tuple) else ()
    if found.kind in "Mm" and state:
        unit = meant(state[-1], depth)[-1] if isinstance(state[-1], tuple) else ("ns",)
        name = unit[0].decode() if isinstance(unit[0], bytes) else unit[0]
        found = np.dtype(f"{found.kind}8[{name}]")
    swapped = len(state) > 1 and state[1] == ">"
    return found.newbyteorder(">") if swapped else found


def _array(call: Call, depth: int) -> Array:
    """An array from its state: (version, shape, dtype, Fortran order, data)."""
    _, shape, dtype, fortran, data = call.state
    kind = meant(dtype, depth)
    if kind.hasobject:
        flat = _objects(meant(data, depth))
    else:
        flat = np.frombuffer(_bytes(meant(data, depth)), kind).copy()
    return flat.reshape(shape, order="F" if fortran else "C")


def _objects(items: Any) -> Array:
    flat = np.empty(len(items), object)
    for place, item in enumerate(items):
        flat[place] = item
    return flat


def _bytes(data: Any) -> bytes:
    return data.encode("latin1") if isinstance(data, str) else bytes(memoryview(data))


def _from_buffer(call: Call, depth: int) -> Array:
    data, dtype, shape, order = (meant(a, depth) for a in call.arguments)
    return np.frombuffer(_bytes(data), dtype).copy().reshape(shape, order=order)


def _scalar(call: Call, depth: int) -> Any:
    dtype, data = (meant(a, depth) for a in call.arguments)
    if dtype.hasobject:
        raise NotUnderstood("a scalar of type object")
    return np.frombuffer(_bytes(data), dtype)[0]


def _encode(call: Call, depth: int) -> bytes:
    text, coding = call.arguments
    if coding not in ("latin1", "latin-1"):
        raise NotUnderstood(f"text coded as {coding!r}")
    return str(text).encode("latin1")


def _raw(call: Call, depth: int) -> bytes:
    """`bytes`, `bytearray` and Arrow buffers: the bytes that they were given."""
    given = [meant(a, depth) for a in call.arguments]
    if len(given) == 2 and given[1] in ("latin-1", "latin1"):
        return str(given[0]).encode("latin1")
    return _bytes(given[0]) if given else b""


def _slice(call: Call, depth: int) -> slice:
    if not all(a is None or isinstance(a, int) for a in call.arguments):
        raise NotUnderstood("a slice of something else than numbers")
    return slice(*call.arguments)


def _rebuilt(call: Call, depth: int) -> Any:
    """Protocol 0: `_reconstructor(class, object, None)`, then the state."""
    (kind, *_) = call.arguments
    return MEANINGS[kind.name](Call(kind.name, (), call.state), depth)


def _index(call: Call, depth: int) -> Sequence[Any]:
    """Labels of an axis, from `_new_Index(class, parts)`."""
    kind, parts = call.arguments
    if kind.name == "RangeIndex":
        return range(*(int(parts[name]) for name in ("start", "stop", "step")))
    return list(meant(parts["data"], depth))


def _backed(call: Call, depth: int) -> Array:
    """A text array of pandas over a numpy array of objects."""
    parts = [call.state, *call.arguments]
    flat = [item for part in parts for item in (part if isinstance(part, tuple) else [part])]
    arrays = (meant(item, depth) for item in flat if isinstance(item, Call) and _is_array(item))
    return next(arrays)


def _is_array(call: Call) -> bool:
    return call.name in ("_reconstruct", "_frombuffer")


def _arrow_text(call: Call, depth: int) -> Array:
    """A text array of pandas over Arrow memory."""
    found = next(v for v in call.state.values() if isinstance(v, Call) and v.name != "StringDtype")
    return np.asarray(meant(found, depth), dtype=object)


def _chunks(call: Call, depth: int) -> list[Any]:
    return [text for chunk in meant(call.arguments[0], depth) for text in chunk]


def _arrow_array(call: Call, depth: int) -> list[str | None]:
    """An Arrow array of text: (type, length, nulls, offset, [validity, offsets, letters], …)."""
    parts = meant(call.arguments, depth)
    kind, length, _, offset, buffers = (parts[0] if isinstance(parts[0], tuple) else parts)[:5]
    width = {"string": np.int32, "large_string": np.int64}[kind]
    validity, offsets, letters = buffers
    ends = np.frombuffer(offsets, width)[offset : offset + length + 1]
    texts: list[str | None] = [letters[a:b].decode() for a, b in pairwise(ends)]
    if validity is None:
        return texts
    there = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")[offset:]
    return [text if ok else None for text, ok in zip(texts, there, strict=False)]


def _blocks(call: Call, depth: int) -> tuple[list[Any], list[tuple[Any, Any]]]:
    """Axes of a frame, and its blocks as (values, placement)."""
    if call.arguments:
        blocks, axes = call.arguments
        return meant(list(axes), depth), [meant(block, depth) for block in blocks]
    parts = call.state[3]["0.14.1"]
    blocks = [(meant(b["values"], depth), meant(b["mgr_locs"], depth)) for b in parts["blocks"]]
    return meant(list(parts["axes"]), depth), blocks


def _block(call: Call, depth: int) -> tuple[Any, Any]:
    values, placement, *_ = call.arguments
    return meant(values, depth), meant(placement, depth)


def _frame(call: Call, depth: int) -> pd.DataFrame:
    """A DataFrame column by column."""
    manager = call.state.get("_mgr", call.state.get("_data"))
    (columns, rows), blocks = meant(manager, depth)
    data: dict[int, Any] = {}
    for values, placement in blocks:
        places = range(len(columns))[placement] if isinstance(placement, slice) else placement
        table = values if getattr(values, "ndim", 1) == 2 else [values]
        data |= dict(zip((int(p) for p in places), table, strict=True))
    if sorted(data) != list(range(len(columns))):
        raise NotUnderstood("a frame whose columns are not all there")
    frame = pd.DataFrame({place: data[place] for place in sorted(data)}, copy=False)
    frame.columns = pd.Index(list(columns))
    if rows != range(len(frame)):
        frame.index = pd.Index(rows if isinstance(rows, range) else list(rows))
    return frame


def _alias(call: Call, depth: int) -> str:
    return str(call.arguments[0])


def _ignored(call: Call, depth: int) -> None:
    return None


MEANINGS: dict[str, Callable[[Call, int], Any]] = {
    "DataFrame": _frame,
    "BlockManager": _blocks,
    "_unpickle_block": _block,
    "_new_Index": _index,
    "StringArray": _backed,
    "DatetimeArray": _backed,
    "__pyx_unpickle_NDArrayBacked": _backed,
    "ArrowStringArray": _arrow_text,
    "ArrowStringArrayNumpySemantics": _arrow_text,
    "StringDtype": _ignored,
    "chunked_array": _chunks,
    "_restore_array": _arrow_array,
    "type_for_alias": _alias,
    "py_buffer": _raw,
    "bytes": _raw,
    "bytearray": _raw,
    "dtype": _dtype,
    "_reconstruct": _array,
    "_frombuffer": _from_buffer,
    "scalar": _scalar,
    "encode": _encode,
    "slice": _slice,
    "_reconstructor": _rebuilt,
}
