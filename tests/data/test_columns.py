"""Tables kept as columns: what comes in pieces comes back whole, as what it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tremor.data.columns import Columns, read
from tremor.data.copies import RECENT, Copies
from tremor.errors import TremorError


def kept(folder: Path, *pieces: pd.DataFrame, plain: tuple[str, ...] = ()) -> pd.DataFrame:
    made = Columns(folder / "t", frozenset(plain))
    for piece in pieces:
        made.add(piece)
    made.finish()
    return read(folder / "t")


def test_pieces_come_back_as_one_table(tmp_path: Path) -> None:
    first = pd.DataFrame({"id": ["1", "2"], "n": [1, 2], "x": [0.1, np.nan], "b": [True, False]})
    second = pd.DataFrame({"id": ["3"], "n": [3], "x": [1 / 3], "b": [True], "new": ["ü\n,"]})
    found = kept(tmp_path, first, second, plain=("id", "never"))
    assert found["id"].tolist() == ["1", "2", "3"]
    assert found["n"].dtype == np.int64
    assert found["b"].tolist() == [True, False, True]
    np.testing.assert_array_equal(found["x"], [0.1, np.nan, 1 / 3])
    assert found["new"].isna().tolist() == [True, True, False]
    assert found["new"].iloc[2] == "ü\n,"


def test_what_is_missing_or_mixed_is_understood(tmp_path: Path) -> None:
    first = pd.DataFrame({"p": ["a", None], "t": ["7", "8"], "m": [1, 2], "e": [None, None]})
    second = pd.DataFrame({"p": [np.nan], "t": [""], "m": ["many"], "e": [5]})
    found = kept(tmp_path, first, second, plain=("p",))
    assert found["p"].tolist() == ["a", "", ""]
    np.testing.assert_array_equal(found["t"], [7, 8, np.nan])
    assert found["m"].tolist() == ["1", "2", "many"]
    np.testing.assert_array_equal(found["e"], [np.nan, np.nan, 5])


def test_equal_texts_are_one_in_memory(tmp_path: Path) -> None:
    found = kept(tmp_path, pd.DataFrame({"s": [f"S{n % 3}" for n in range(60)]}), plain=("s",))
    assert len({id(text) for text in found["s"]}) == 3
    with pytest.raises(TremorError, match="beyond 2"):
        kept(tmp_path / "..", pd.DataFrame({"n": [2**60]}))


def test_copies_are_known_whether_recent_or_not() -> None:
    copies = Copies()
    marks = [f"{n * 0x9E3779B97F4A7C15 % 2**64:016x}00" for n in range(RECENT + 5)]
    assert all(copies.earlier(mark) is None for mark in marks)
    assert [copies.earlier(marks[n]) for n in (0, 7, RECENT, RECENT + 4)] == [
        *(0, 7, RECENT, RECENT + 4)
    ]
    assert len(copies) == RECENT + 5
