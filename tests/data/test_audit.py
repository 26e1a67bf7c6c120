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


def windows() -> tuple[pd.DataFrame, pd.Series]:
    """Six-hour windows of two stations: an event's, and two quiet days."""
    start = ["2020-01-01T00", "2020-01-01T06", "2020-01-02T00", "2020-01-02T06", "2020-01-02T00"]
    rows = {
        "record_id": list("abcde"),
        "group": ["e1", "e2", "A_2", "A_2", "B_2"],
        "label": [1, 1, 0, 0, 0],
        "signal_hash": list("vwxyz"),
        "station": list("AAAAB"),
        "start_time": [f"{hour}:00:00Z" for hour in start],
        "hours": 6.0,
        "event_time": ["2020-01-01T09:00:00Z", "2020-01-01T13:00:00Z", None, None, ""],
    }
    return pd.DataFrame(rows), pd.Series(["train", "test", "val", "val", "test"])


def failed(table: pd.DataFrame, parts: pd.Series) -> dict[str, tuple[int, str]]:
    checks = audit(table, parts, CLASSES)["checks"]
    return {c["check"]: (c["count"], c["detail"]) for c in checks if not c["passed"]}


def test_windows_that_touch_do_not_overlap() -> None:
    names = [check["check"] for check in audit(*windows(), CLASSES)["checks"]]
    assert "no overlap in time at one station on two sides" in names
    assert "quiet station-days are whole" in names
    assert failed(*windows()) == {}


def test_windows_of_one_station_that_share_time_are_found() -> None:
    rows, parts = windows()
    rows.loc[1, "start_time"] = "2020-01-01T05:59:59Z"
    assert failed(rows, parts) == {"no overlap in time at one station on two sides": (1, "b")}
    assert failed(rows.drop(columns="hours"), parts) == {}
    parts[1] = "train"
    assert failed(rows, parts) == {}


def test_a_long_window_is_met_behind_a_short_one_of_another_part() -> None:
    rows, parts = windows()
    rows.loc[0, "hours"] = 25.0  # a reaches over b into c
    found = failed(rows, parts)
    assert found == {"no overlap in time at one station on two sides": (2, "b, c")}


def test_a_quiet_day_on_two_sides_is_found_whatever_its_groups_say() -> None:
    rows, parts = windows()
    rows["group"] = list("12345")
    parts[3] = "test"
    assert failed(rows, parts) == {"quiet station-days are whole": (1, "c, d")}
