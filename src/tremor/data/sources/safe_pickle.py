"""Read pickles of arrays and frames without executing anything that they ask for.

A pickle is a program. Here its calls are only written down (`Call`), never made; what they stand
for is put together afterwards from plain numbers and text, by `pickled_plain`, `pickled_arrays`,
`pickled_columns` and `pickled_frames`. Any name outside `KNOWN` is refused before it is even
looked up.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, ClassVar

from tremor.data.sources.pickled_arrays import ARRAY_NAMES
from tremor.data.sources.pickled_calls import Call, Meanings, Name, NotUnderstood, key_checked
from tremor.data.sources.pickled_columns import COLUMN_NAMES
from tremor.data.sources.pickled_frames import FRAME_NAMES
from tremor.data.sources.pickled_plain import PLAIN_NAMES
from tremor.errors import Refused

KNOWN: dict[str, Any] = PLAIN_NAMES | ARRAY_NAMES | COLUMN_NAMES | FRAME_NAMES
NOT_DATA = (
    *(pickle.EXT1, pickle.EXT2, pickle.EXT4, pickle.PERSID, pickle.BINPERSID, pickle.OBJ),
    *(pickle.EMPTY_SET, pickle.ADDITEMS, pickle.FROZENSET),
    *(pickle.NEXT_BUFFER, pickle.READONLY_BUFFER),
)
OTHER_FORMATS = {
    b"version https://git-lfs": ("a Git LFS pointer, not the data", "run: git lfs pull"),
    b"\x1f\x8b": ("a gzip file", "unpack it first: gunzip"),
    b"PK\x03\x04": ("a zip or npz file", "unpack it first, or save the data as a pickle"),
    b"\x89HDF": ("an HDF5 file", "save its data as a pickle of DataFrames"),
}
MOST_MARKS = 1000
LONGEST_NAME = 120


class Unwanted(Exception):
    """The pickle names something that is not needed to hold data."""


class Scribe(pickle._Unpickler):  # type: ignore[name-defined,misc]
    """Python's own unpickler, except that it writes down calls instead of making them.

    The one written in Python: it takes no memory for what a file merely announces.
    """

    stack: list[Any]
    metastack: list[list[Any]]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]
    read: Callable[[int], bytes]
    readline: Callable[[], bytes]
    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)  # type: ignore[attr-defined]

    def __init__(self, data: bytes):
        self.file, self.size = io.BytesIO(data), len(data)
        super().__init__(self.file, fix_imports=False, encoding="latin1")

    def whole(self) -> Any:
        """What the file holds, if that is all that it holds."""
        try:
            thing = self.load()
        except KeyError as error:
            raise NotUnderstood("it is not one, or has a broken opcode") from error
        if self.file.read(1):
            raise NotUnderstood("there is more after its end")
        return thing

    def find_class(self, module: str, name: str) -> Name:
        path = f"{module}.{name}"
        if path not in KNOWN or "." in name:
            raise Unwanted(ascii(path)[1:-1][:LONGEST_NAME])
        return Name(path, KNOWN[path])

    def _call(self, called: Any, arguments: Any) -> Any:
        if not isinstance(called, Name) or not isinstance(arguments, tuple):
            raise NotUnderstood("it calls something that is not a name")
        if called.stands_for is dict:
            return _dict(pair for pairs in arguments for pair in pairs)
        return Call(called, arguments)

    def load_reduce(self) -> None:
        arguments, called = self.stack.pop(), self.stack.pop()
        self.append(self._call(called, arguments))

    def load_newobj_ex(self) -> None:
        if self.stack.pop():
            raise NotUnderstood("it calls something with keywords")
        self.load_reduce()

    def load_build(self) -> None:
        state = self.stack.pop()
        if not isinstance(self.stack[-1], Call):
            raise NotUnderstood("it changes something that it did not make")
        self.stack[-1].state = state

    def load_inst(self) -> None:
        module, name = (self.readline()[:-1].decode("ascii") for _ in range(2))
        self.append(self._call(self.find_class(module, name), tuple(self.pop_mark())))

    def load_dict(self) -> None:
        items = self.pop_mark()
        self.append(_dict(zip(items[::2], items[1::2], strict=True)))

    def load_setitem(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._update([(key, value)])

    def load_setitems(self) -> None:
        items = self.pop_mark()
        self._update(zip(items[::2], items[1::2], strict=True))

    def _update(self, pairs: Iterable[tuple[Any, Any]]) -> None:
        if not isinstance(self.stack[-1], dict):
            raise NotUnderstood("it sets items of something that has none")
        self.stack[-1].update(_dict(pairs))

    def load_mark(self) -> None:
        if len(self.metastack) > MOST_MARKS:
            raise NotUnderstood("it is nested too deep")
        self.metastack.append(self.stack)
        self.stack = []
        self.append = self.stack.append

    def load_frame(self) -> None:
        """Frames only help to read ahead, which is of no use in memory."""
        self.read(8)

    def load_bytearray8(self) -> None:
        size = int.from_bytes(self.read(8), "little")
        if size > self.size:
            raise NotUnderstood(f"{size} bytes are announced, the file has {self.size}")
        self.append(bytearray(self.read(size)))

    def refuse(self) -> None:
        raise NotUnderstood("it uses sets, outside references or buffers, or the copyreg registry")

    dispatch |= {
        pickle.REDUCE[0]: load_reduce,
        pickle.NEWOBJ[0]: load_reduce,
        pickle.NEWOBJ_EX[0]: load_newobj_ex,
        pickle.BUILD[0]: load_build,
        pickle.INST[0]: load_inst,
        pickle.DICT[0]: load_dict,
        pickle.SETITEM[0]: load_setitem,
        pickle.SETITEMS[0]: load_setitems,
        pickle.MARK[0]: load_mark,
        pickle.FRAME[0]: load_frame,
        pickle.BYTEARRAY8[0]: load_bytearray8,
    }
    dispatch |= dict.fromkeys((code[0] for code in NOT_DATA), refuse)


def _dict(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """A dict whose keys are text, numbers or written calls (which hash by identity)."""
    return {k if isinstance(k, Call) else key_checked(k): v for k, v in pairs}


def read_pickle(path: Path) -> Any:
    """What a pickle holds: numbers, text, containers, numpy arrays and pandas frames.

    Whatever it asks to run is not run; the first such name is in the refusal.
    """
    data = path.read_bytes()
    _look_at_start(data, path)
    return understood(data, path, _meaning)


def understood(data: bytes, path: Path, meaning: Callable[[bytes], Any]) -> Any:
    """What the bytes of a pickle mean, or a refusal that names the file they are from."""
    try:
        return meaning(data)
    except Unwanted as unwanted:
        raise Refused(
            f"the file asks Python to load {unwanted}; nothing was run",
            str(path),
            "only arrays and DataFrames are read; if you trust the file, save it again as those",
        ) from unwanted
    except Exception as error:
        remedy = "give a whole pickle of arrays and DataFrames, or save the data again"
        problem = f"cannot read it as a pickle of data ({_said(error)})"
        raise Refused(problem, str(path), remedy) from error


def _look_at_start(data: bytes, path: Path) -> None:
    if not data:
        raise Refused("the file is empty", str(path), "write it again, or leave it out")
    for start, (what, remedy) in OTHER_FORMATS.items():
        if data.startswith(start):
            raise Refused(f"it is {what}", str(path), remedy)


def _meaning(data: bytes) -> Any:
    size = len(data)
    thing = Scribe(data).whole()
    del data
    return Meanings(size)(thing)


def _said(error: Exception) -> str:
    """The message of an error that cannot repeat (arbitrarily long) parts of the file."""
    if isinstance(error, NotUnderstood):
        return str(error)
    ended = isinstance(error, EOFError)
    return "it ends in the middle" if ended else f"it is broken: {type(error).__name__}"
