"""What pandas' own names in a pickle stand for: frames, series and labels.

pandas has pickled its objects in several ways since 0.2x; each is understood here from its parts
and built anew with today's pandas. Values, labels, their types and names come back; a date
index's `freq` and a frame's `attrs` do not.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

import numpy as np
import pandas as pd

from tremor.data.sources.pickled_calls import (
    Call,
    Meanings,
    NotUnderstood,
    key_checked,
    of_kind,
    unread,
)
from tremor.data.sources.pickled_columns import LABEL, in_pandas

COLUMN, FRAME = 100, 1000
"""Memory [bytes] that one column and one frame of pandas may take beside its data."""


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


def block(call: Call, meant: Meanings) -> Block:
    """A block since pandas 1.3: values, placement, dimensions."""
    values, places, *_ = call.arguments
    return Block(meant(values), meant(places))


def manager(call: Call, meant: Meanings) -> Manager:
    """All blocks of a frame, from the call (since pandas 1.3) or from the state (before)."""
    if call.arguments:
        blocks, axes = call.arguments
        return _manager(meant, axes, [of_kind(Block, meant(block)) for block in blocks])
    parts = of_kind(tuple, call.state)[3]["0.14.1"]
    blocks = [Block(meant(b["values"]), meant(b["mgr_locs"])) for b in parts["blocks"]]
    return _manager(meant, parts["axes"], blocks)


def _manager(meant: Meanings, axes: Any, blocks: list[Block]) -> Manager:
    found = Manager([of_kind(pd.Index, meant(axis)) for axis in axes], blocks)
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
    parts = of_kind(dict, call.state)
    found: Manager = of_kind(Manager, meant(parts["_mgr"] if "_mgr" in parts else parts["_data"]))
    return found


def _columns(meant: Meanings, part: Block, count: int) -> Iterator[tuple[int, Any]]:
    """The columns of a block, each with its place among `count`."""
    rows = part.values if part.values.ndim == 2 else [part.values]
    for place, row in zip(_places(part, count), rows, strict=True):
        yield place, _kept(meant, row)


def _places(part: Block, count: int) -> Sequence[int]:
    if isinstance(part.places, slice):
        return range(count)[part.places]
    if of_kind(np.ndarray, part.places).dtype.kind not in "iu":
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


LABELS = dict.fromkeys(("Index", "Int64Index", "UInt64Index", "Float64Index"), unread)
DATES = {"DatetimeIndex": unread, "_new_DatetimeIndex": date_index}
STEPS = ("Nano", "Micro", "Milli", "Second", "Minute", "Hour", "Day")
FRAME_NAMES: dict[str, Any] = {
    "pandas._libs.internals._unpickle_block": block,
    "pandas.core.indexes.base._new_Index": index,
    **in_pandas("core.frame", {"DataFrame": frame}),
    **in_pandas("core.series", {"Series": series}),
    **in_pandas("core.internals core.internals.managers", {"BlockManager": manager}),
    **in_pandas("core.internals core.internals.managers", {"SingleBlockManager": manager}),
    **in_pandas("core.indexes.base core.indexes.numeric", LABELS),
    **in_pandas("core.indexes.range", {"RangeIndex": unread}),
    **in_pandas("core.indexes.datetimes", DATES),
    **in_pandas("_libs.tslibs.offsets tseries.offsets", dict.fromkeys(STEPS, unread)),
}
