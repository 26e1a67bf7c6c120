"""What pandas' names for the values of one column stand for: categories, text, Arrow memory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from tremor.data.sources.pickled_calls import (
    Call,
    Meanings,
    Name,
    NotUnderstood,
    everywhere,
    of_kind,
)
from tremor.data.sources.pickled_plain import raw_bytes

TEXT = pd.Index([""]).dtype
LABEL = 8
"""Memory [bytes] that one label or value of pandas may take beside its data."""


@dataclass(frozen=True)
class Category:
    """The labels of a categorical column."""

    labels: pd.Index[Any]
    ordered: bool


def backed(call: Call, meant: Meanings) -> Any:
    """An array of pandas over one of numpy, from `__pyx_unpickle_NDArrayBacked(class, …)`."""
    kind, _, given = call.arguments
    dtype, values, *_ = given if call.state is None else call.state
    return _over(meant, kind, meant(dtype), meant(values))


def backed_before_1_3(call: Call, meant: Meanings) -> Any:
    """An array of pandas over one of numpy, from the state of its class."""
    parts = of_kind(dict, call.state)
    inner = next(parts[name] for name in ("_ndarray", "_data", "_codes") if name in parts)
    return _over(meant, call.name, meant(parts["_dtype"]), meant(inner))


def _over(meant: Meanings, kind: Name, dtype: Any, values: Any) -> Any:
    meant.copy(LABEL * len(values))
    if kind.path.endswith(".Categorical"):
        category = of_kind(Category, dtype)
        return pd.Categorical.from_codes(values, category.labels, ordered=category.ordered)
    if kind.path.endswith(".StringArray"):
        return _text(of_kind(np.ndarray, values), dtype)
    return of_kind(np.ndarray, values)


def category(call: Call, meant: Meanings) -> Category:
    """The type of a categorical column."""
    parts = of_kind(dict, call.state)
    return Category(of_kind(pd.Index, meant(parts["categories"])), bool(parts["ordered"]))


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
    parts = of_kind(dict, call.state)
    return _text(of_kind(list, meant(parts["_pa_array"])), meant(parts["_dtype"]))


def arrow_chunks(call: Call, meant: Meanings) -> list[str | None]:
    """Arrow arrays of text, one after the other."""
    chunks = of_kind(list, meant(call.arguments[0]))
    meant.copy(8 * sum(map(len, chunks)))
    return [text for chunk in chunks for text in chunk]


def arrow_array(call: Call, meant: Meanings) -> list[str | None]:
    """An Arrow array of text: (type, length, nulls, offset, [validity, offsets, letters], …)."""
    parts = meant(call.arguments[0])
    kind, length, _, offset, (validity, offsets, letters) = parts[:5]
    width = np.dtype({"string": np.int32, "large_string": np.int64}[kind])
    count, before = of_kind(int, length) + 1, of_kind(int, offset) * width.itemsize
    ends = np.frombuffer(offsets, width, count, before)
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
    return str(of_kind(str, call.arguments[0]))


def in_pandas(modules: str, names: dict[str, Any]) -> dict[str, Any]:
    """The names in pandas itself and in modules of it, given in one line."""
    return everywhere(("pandas", *(f"pandas.{module}" for module in modules.split())), names)


DATE_ARRAYS = dict.fromkeys(("DatetimeArray", "TimedeltaArray"), backed_before_1_3)
ARROW = dict.fromkeys(("ArrowStringArray", "ArrowStringArrayNumpySemantics"), arrow_text)
TEXTS = {"StringArray": backed_before_1_3, "StringDtype": text_type}
COLUMN_NAMES: dict[str, Any] = {
    "pandas._libs.arrays.__pyx_unpickle_NDArrayBacked": backed,
    "pyarrow.lib._restore_array": arrow_array,
    "pyarrow.lib.chunked_array": arrow_chunks,
    "pyarrow.lib.py_buffer": raw_bytes,
    "pyarrow.lib.type_for_alias": arrow_type,
    **in_pandas("arrays core.arrays.datetimes core.arrays.timedeltas", DATE_ARRAYS),
    **in_pandas("core.categorical core.arrays.categorical", {"Categorical": backed_before_1_3}),
    **in_pandas("core.dtypes.dtypes", {"CategoricalDtype": category}),
    **in_pandas("arrays core.arrays.string_", TEXTS),
    **in_pandas("arrays core.arrays.string_arrow", ARROW),
    **in_pandas("_libs.missing", {"NA": pd.NA}),
}
