"""What pandas' own names in a pickle stand for: frames, series and labels.

pandas has pickled its objects in several ways since 0.2x; each is understood here from its parts
and built anew with today's pandas. Values, labels, their types and names come back; a date
index's `freq` and a frame's `attrs` do not.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, pairwise
from typing import Any

import numpy as np
import pandas as pd

from tremor.data.sources.pickled_arrays import (
    Call,
    Meanings,
    Name,
    NotUnderstood,
    everywhere,
    key_checked,
    raw_bytes,
    unread,
)

TEXT = pd.Index([""]).dtype
LABEL, COLUMN, FRAME = 8, 100, 1000
"""Memory [bytes] that one label, column and frame of pandas may take beside its data."""


@dataclass(frozen=True)
class Category:
    """The labels of a categorical column."""

    labels: pd.Index[Any]
    ordered: bool


@dataclass(frozen=True)
class Block:
    """Values of some columns `(column, row)` or of one, and the places of those columns."""

    values: Any
    places: Any


@dataclass(frozen=True)
class Manager:
    """The axes (columns, rows) or (rows,) of a frame or series, and its blocks."""

    axes: list[pd.Index[Any]]
    blocks: list[Block]


def _as(wanted: type[Any], thing: Any) -> Any:
    """The thing itself, if it is of the wanted kind."""
    if not isinstance(thing, wanted):
        raise NotUnderstood(f"{type(thing).__name__} where {wanted.__name__} should be")
    return thing


def index(call: Call, meant: Meanings) -> pd.Index[Any]:
    """Labels of an axis, from `_new_Index(class, parts)`."""
    kind, parts = call.arguments
    name = key_checked(meant(parts["name"]))
    if kind.path.endswith(".RangeIndex"):
        start, stop, step = (operator.index(meant(parts[k])) for k in ("start", "stop", "step"))
        return pd.RangeIndex(start, stop, step, name=name)
    data = meant(parts["data"])
    meant.copy(LABEL * len(data))
    if data.dtype == object:
        _labels_checked(data)
    made: pd.Index[Any] = pd.Index(data, data.dtype, name=name, tupleize_cols=False, copy=False)
    return made


def _labels_checked(labels: Any) -> None:
    for label in labels:
        if label is not pd.NA:
            key_checked(label)


def date_index(call: Call, meant: Meanings) -> pd.DatetimeIndex:
    """Dates along an axis, without a time zone."""
    _, parts = call.arguments
    if parts.get("tz") is not None:
        raise NotUnderstood("dates in a time zone")
    dates = meant(parts["data"])
    if dates.dtype.kind != "M":
        raise NotUnderstood("dates that are not dates")
    meant.copy(LABEL * len(dates))
    return pd.DatetimeIndex(dates, name=key_checked(meant(parts["name"])), copy=False)


def backed(call: Call, meant: Meanings) -> Any:
    """An array of pandas over one of numpy, from `__pyx_unpickle_NDArrayBacked(class, …)`."""
    kind, _, given = call.arguments
    dtype, values, *_ = given if call.state is None else call.state
    return _over(meant, kind, meant(dtype), meant(values))


def backed_before_1_3(call: Call, meant: Meanings) -> Any:
    """An array of pandas over one of numpy, from the state of its class."""
    parts = _as(dict, call.state)
    inner = next(parts[name] for name in ("_ndarray", "_data", "_codes") if name in parts)
    return _over(meant, call.name, meant(parts["_dtype"]), meant(inner))


def _over(meant: Meanings, kind: Name, dtype: Any, values: Any) -> Any:
    meant.copy(LABEL * len(values))
    if kind.path.endswith(".Categorical"):
        category = _as(Category, dtype)
        return pd.Categorical.from_codes(values, category.labels, ordered=category.ordered)
    if kind.path.endswith(".StringArray"):
        return _text(_as(np.ndarray, values), dtype)
    return _as(np.ndarray, values)


def category(call: Call, meant: Meanings) -> Category:
    """The type of a categorical column."""
    parts = _as(dict, call.state)
    return Category(_as(pd.Index, meant(parts["categories"])), bool(parts["ordered"]))


def text_type(call: Call, meant: Meanings) -> Any:
    """pandas' type for text: the one with NA, or (since pandas 3) today's default."""
    with_nan = any(isinstance(part, float) for part in call.arguments)
    return TEXT if with_nan else pd.StringDtype()


def _text(values: Any, dtype: Any) -> Any:
    if not isinstance(dtype, pd.StringDtype | type(TEXT)):
        raise NotUnderstood("text of a type that is not text")
    return pd.Series(values, dtype=dtype).values


def arrow_text(call: Call, meant: Meanings) -> Any:
    """A text array of pandas over Arrow memory."""
    parts = _as(dict, call.state)
    return _text(_as(list, meant(parts["_pa_array"])), meant(parts["_dtype"]))


def arrow_chunks(call: Call, meant: Meanings) -> list[str | None]:
    """Arrow arrays of text, one after the other."""
    chunks = _as(list, meant(call.arguments[0]))
    meant.copy(8 * sum(map(len, chunks)))
    return [text for chunk in chunks for text in chunk]


def arrow_array(call: Call, meant: Meanings) -> list[str | None]:
    """An Arrow array of text: (type, length, nulls, offset, [validity, offsets, letters], …)."""
    parts = meant(call.arguments[0])
    kind, length, _, offset, (validity, offsets, letters) = parts[:5]
    width = np.dtype({"string": np.int32, "large_string": np.int64}[kind])
    ends = np.frombuffer(offsets, width, _as(int, length) + 1, _as(int, offset) * width.itemsize)
    fits = len(ends) == length + 1 and ends[0] >= 0 and ends[-1] <= len(letters)
    if not fits or (np.diff(ends) < 0).any():
        raise NotUnderstood("Arrow text whose words overlap")
    meant.copy(len(letters) + 50 * len(ends))
    texts: list[str | None] = [letters[a:b].decode() for a, b in pairwise(ends.tolist())]
    return texts if validity is None else _where_valid(texts, validity, offset)


def _where_valid(texts: list[str | None], validity: bytes, offset: int) -> list[str | None]:
    there = np.unpackbits(np.frombuffer(validity, np.uint8), bitorder="little")[offset:]
    return [text if ok else None for text, ok in zip(texts, there[: len(texts)], strict=True)]


def arrow_type(call: Call, meant: Meanings) -> str:
    """The name of an Arrow type."""
    return str(_as(str, call.arguments[0]))


def block(call: Call, meant: Meanings) -> Block:
    """A block since pandas 1.3: values, placement, dimensions."""
    values, places, *_ = call.arguments
    return Block(meant(values), meant(places))


def manager(call: Call, meant: Meanings) -> Manager:
    """All blocks of a frame, from the call (since pandas 1.3) or from the state (before)."""
    if call.arguments:
        blocks, axes = call.arguments
        return _manager(meant, axes, [_as(Block, meant(block)) for block in blocks])
    parts = _as(tuple, call.state)[3]["0.14.1"]
    blocks = [Block(meant(b["values"]), meant(b["mgr_locs"])) for b in parts["blocks"]]
    return _manager(meant, parts["axes"], blocks)


def _manager(meant: Meanings, axes: Any, blocks: list[Block]) -> Manager:
    found = Manager([_as(pd.Index, meant(axis)) for axis in axes], blocks)
    meant.copy(FRAME + (COLUMN * len(found.axes[0]) if len(found.axes) == 2 else 0))
    return found


def frame(call: Call, meant: Meanings) -> pd.DataFrame:
    """A DataFrame, column by column."""
    held = _held(call, meant)
    columns, rows = held.axes
    count = len(columns)
    pairs = chain.from_iterable(_columns(meant, part, count) for part in held.blocks)
    found = list(islice(pairs, count + 1))
    if sorted(place for place, _ in found) != list(range(count)):
        raise NotUnderstood("a frame whose columns are not all there, each once")
    made = pd.DataFrame(dict(sorted(found, key=operator.itemgetter(0))), copy=False)
    made.index, made.columns = rows, columns
    return made


def _held(call: Call, meant: Meanings) -> Manager:
    """What a frame or series holds; called `_data` before pandas 1.1."""
    parts = _as(dict, call.state)
    found: Manager = _as(Manager, meant(parts["_mgr"] if "_mgr" in parts else parts["_data"]))
    return found


def _columns(meant: Meanings, part: Block, count: int) -> Iterator[tuple[int, Any]]:
    """The columns of a block, each with its place among `count`."""
    rows = part.values if part.values.ndim == 2 else [part.values]
    for place, row in zip(_places(part, count), rows, strict=True):
        yield place, _kept(meant, row)


def _places(part: Block, count: int) -> Sequence[int]:
    if isinstance(part.places, slice):
        return range(count)[part.places]
    if _as(np.ndarray, part.places).dtype.kind not in "iu":
        raise NotUnderstood("columns in places that are not numbers")
    places: list[int] = part.places.tolist()
    return places


def _kept(meant: Meanings, values: Any) -> Any:
    """A column in a form whose type pandas will not guess anew."""
    values = _checked(meant, values)
    return pd.Series(values, dtype=object, copy=False) if values.dtype == object else values


def _checked(meant: Meanings, values: Any) -> Any:
    """The values themselves, if pandas has such; it may copy times into another unit."""
    if values.dtype.kind in "SU":
        raise NotUnderstood("a column of a type that pandas has not")
    if values.dtype.kind in "mM":
        meant.copy(values.nbytes)
    return values


def series(call: Call, meant: Meanings) -> pd.Series[Any]:
    """A Series."""
    held = _held(call, meant)
    (rows,), (part,) = held.axes, held.blocks
    names = [call.state[key] for key in ("_name", "name") if key in call.state]
    name = key_checked(meant(names[0])) if names else None
    values = _checked(meant, part.values)
    made: pd.Series[Any] = pd.Series(values, rows, values.dtype, name, copy=False)
    return made


def _in_pandas(modules: str, names: dict[str, Any]) -> dict[str, Any]:
    """The names in pandas itself and in modules of it, given in one line."""
    return everywhere(("pandas", *(f"pandas.{module}" for module in modules.split())), names)


DATE_ARRAYS = dict.fromkeys(("DatetimeArray", "TimedeltaArray"), backed_before_1_3)
ARROW = dict.fromkeys(("ArrowStringArray", "ArrowStringArrayNumpySemantics"), arrow_text)
TEXTS = {"StringArray": backed_before_1_3, "StringDtype": text_type}
LABELS = dict.fromkeys(("Index", "Int64Index", "UInt64Index", "Float64Index"), unread)
DATES = {"DatetimeIndex": unread, "_new_DatetimeIndex": date_index}
STEPS = ("Nano", "Micro", "Milli", "Second", "Minute", "Hour", "Day")
FRAME_NAMES: dict[str, Any] = {
    "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked": backed,
    "pandas._libs.internals._unpickle_block": block,
    "pandas.core.indexes.base._new_Index": index,
    "pyarrow.lib._restore_array": arrow_array,
    "pyarrow.lib.chunked_array": arrow_chunks,
    "pyarrow.lib.py_buffer": raw_bytes,
    "pyarrow.lib.type_for_alias": arrow_type,
    **_in_pandas("core.frame", {"DataFrame": frame}),
    **_in_pandas("core.series", {"Series": series}),
    **_in_pandas("core.internals core.internals.managers", {"BlockManager": manager}),
    **_in_pandas("core.internals core.internals.managers", {"SingleBlockManager": manager}),
    **_in_pandas("core.indexes.base core.indexes.numeric", LABELS),
    **_in_pandas("core.indexes.range", {"RangeIndex": unread}),
    **_in_pandas("core.indexes.datetimes", DATES),
    **_in_pandas("arrays core.arrays.datetimes core.arrays.timedeltas", DATE_ARRAYS),
    **_in_pandas("core.categorical core.arrays.categorical", {"Categorical": backed_before_1_3}),
    **_in_pandas("core.dtypes.dtypes", {"CategoricalDtype": category}),
    **_in_pandas("arrays core.arrays.string_", TEXTS),
    **_in_pandas("arrays core.arrays.string_arrow", ARROW),
    **_in_pandas("_libs.missing", {"NA": pd.NA}),
    **_in_pandas("_libs.tslibs.offsets tseries.offsets", dict.fromkeys(STEPS, unread)),
}
