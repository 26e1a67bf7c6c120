"""The leak audit finds what is planted, and nothing else."""

from __future__ import annotations

import pandas as pd
import pytest

from tremor.data.audit import audit, refuse_leaks, warning
from tremor.errors import TremorError

CLASSES = ("fore", "after")


def table() -> tuple[pd.DataFrame, pd.Series]:
    rows = {
        "record_id": list("abcdef"),
        "group": ["1", "1", "2", "3", "4", "5"],
        "label": [0, 0, 1, 0, 1, 1],
        "signal_hash": list("uvwxyz"),
    }
    return pd.DataFrame(rows), pd.Series(["train", "train", "train", "val", "test", "unused"])


def test_a_clean_split_passes_and_its_balance_is_counted() -> None:
    result = audit(*table(), CLASSES)
    assert all(check["passed"] for check in result["checks"])
    refuse_leaks(result)
    assert result["balance"] == [
        {"split": "train", "class": "fore", "records": 2, "groups": 1},
        {"split": "train", "class": "after", "records": 1, "groups": 1},
        {"split": "val", "class": "fore", "records": 1, "groups": 1},
        {"split": "test", "class": "after", "records": 1, "groups": 1},
    ]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [("group", "1", "no event on two sides: 1"), ("signal_hash", "u", "no identical signal")],
)
def test_planted_leaks_are_named(column: str, value: str, said: str) -> None:
    rows, parts = table()
    rows.loc[4, column] = value
    with pytest.raises(TremorError, match=said) as caught:
        refuse_leaks(audit(rows, parts, CLASSES))
    assert "e" in caught.value.problem


def test_a_leak_that_is_allowed_is_said() -> None:
    rows, parts = table()
    assert warning(audit(rows, parts, CLASSES)) is None
    rows.loc[4, "group"] = "1"
    result = audit(rows, parts, CLASSES)
    refuse_leaks(result, allowed=True)
    said = warning(result)
    assert said is not None
    assert said.startswith("THE SPLIT LEAKS: no event on two sides is broken (1)")


def test_unused_records_cannot_leak() -> None:
    rows, parts = table()
    rows.loc[5, "signal_hash"] = "u"
    refuse_leaks(audit(rows, parts, CLASSES))
