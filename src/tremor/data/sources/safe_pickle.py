"""Read pickles of arrays and frames without executing anything that they ask for.

A pickle is a program. Here its calls are only written down (`Call`), never made; what they stand
for is put together afterwards from plain numbers and text, by `pickled_frames`. Any name outside
`KNOWN` is refused before it is even looked up.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tremor.data.sources.pickled_frames import Call, Name, NotUnderstood, meant
from tremor.errors import Refused

NUMPY_CORE = tuple(f"numpy.{c}.{m}" for c in ("core", "_core") for m in ("multiarray", "numeric"))
PANDAS = (
    "pandas",
    "pandas.arrays",
    "pandas.core.frame",
    "pandas.core.indexes.base",
    "pandas.core.indexes.range",
    "pandas.core.indexes.numeric",
    "pandas.core.internals.managers",
    "pandas.core.arrays.datetimes",
    "pandas.core.arrays.string_",
    "pandas.core.arrays.string_arrow",
    "pandas._libs.internals",
    "pandas._libs.arrays",
)
KNOWN: dict[str, tuple[str, ...]] = {
    "DataFrame": PANDAS,
    "BlockManager": PANDAS,
    "_unpickle_block": PANDAS,
    "_new_Index": PANDAS,
    "Index": PANDAS,
    "RangeIndex": PANDAS,
    "Int64Index": PANDAS,
    "StringArray": PANDAS,
    "DatetimeArray": PANDAS,
    "StringDtype": PANDAS,
    "ArrowStringArray": PANDAS,
    "ArrowStringArrayNumpySemantics": PANDAS,
    "__pyx_unpickle_NDArrayBacked": PANDAS,
    "chunked_array": ("pyarrow.lib",),
    "_restore_array": ("pyarrow.lib",),
    "type_for_alias": ("pyarrow.lib",),
    "py_buffer": ("pyarrow.lib",),
    "_reconstruct": NUMPY_CORE,
    "scalar": NUMPY_CORE,
    "_frombuffer": NUMPY_CORE,
    "ndarray": ("numpy",),
    "dtype": ("numpy", "numpy.dtypes"),
    "encode": ("_codecs",),
    "_reconstructor": ("copyreg", "copy_reg"),
    "object": ("builtins", "__builtin__"),
    "slice": ("builtins", "__builtin__"),
    "bytes": ("builtins", "__builtin__"),
    "bytearray": ("builtins", "__builtin__"),
}


@dataclass(frozen=True)
class Unwanted(Exception):
    """The pickle names something that is not needed to hold data."""

    name: str


class Scribe(pickle._Unpickler):  # type: ignore[name-defined,misc]
    """Python's own unpickler, except that it writes down calls instead of making them."""

    stack: list[Any]
    append: Callable[[Any], None]
    read: Callable[[int], bytes]
    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)  # type: ignore[attr-defined]

    def __init__(self, data: bytes):
        super().__init__(io.BytesIO(data), fix_imports=False, encoding="latin1")
        self.size = len(data)

    def find_class(self, module: str, name: str) -> Name:
        if module not in KNOWN.get(name, ()):
            raise Unwanted(f"{module}.{name}")
        return Name(module, name)

    def _call(self, called: Any, arguments: Any) -> Call:
        if not isinstance(called, Name) or not isinstance(arguments, tuple):
            raise NotUnderstood("a call of something that is not a name")
        return Call(called.name, arguments)

    def load_reduce(self) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        self.append(self._call(called, arguments))

    def load_newobj_ex(self) -> None:
        keywords = self.stack.pop()
        if keywords:
            raise NotUnderstood("a call with keywords")
        self.load_reduce()

    def load_build(self) -> None:
        state = self.stack.pop()
        if not isinstance(self.stack[-1], Call):
            raise NotUnderstood("a state for something that was not made")
        self.stack[-1].state = state

    def refuse_old_call(self) -> None:
        raise NotUnderstood("an opcode (INST, OBJ or EXT) that no table of ours needs")

    def load_bytearray8(self) -> None:
        size = int.from_bytes(self.read(8), "little")
        if size > self.size:
            raise NotUnderstood(f"{size} bytes are announced, the file has {self.size}")
        self.append(bytearray(self.read(size)))

    dispatch[pickle.REDUCE[0]] = load_reduce
    dispatch[pickle.NEWOBJ[0]] = load_reduce
    dispatch[pickle.NEWOBJ_EX[0]] = load_newobj_ex
    dispatch[pickle.BUILD[0]] = load_build
    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8
    for _code in (pickle.INST, pickle.OBJ, pickle.EXT1, pickle.EXT2, pickle.EXT4):
        dispatch[_code[0]] = refuse_old_call


def read_pickle(path: Path) -> Any:
    """What a pickle holds: numbers, text, containers, numpy arrays and pandas frames.

    Whatever it asks to run is not run; the first such name is in the refusal.
    """
    data = path.read_bytes()
    if not data:
        raise Refused("the file is empty", str(path), "write it again, or leave it out")
    try:
        return meant(Scribe(data).load())
    except Unwanted as unwanted:
        raise Refused(
            f"the file asks Python to load {unwanted.name}; nothing was run",
            str(path),
            "only arrays and DataFrames are read; if you trust the file, save it again as those",
        ) from unwanted
    except Exception as error:
        said = f"{type(error).__name__}: {error}"[:200]
        remedy = "give a whole pickle of arrays and DataFrames, or save the data again"
        raise Refused(f"cannot read it as a pickle of data ({said})", str(path), remedy) from error
