"""The table of patients, and tables that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tremor.data.ecg.patients import patients_of
from tremor.errors import Refused


def table(tmp_path: Path, text: str) -> str:
    path = tmp_path / "patients.csv"
    path.write_text(text)
    return str(path)


def test_each_record_has_its_patient(tmp_path: Path) -> None:
    text = "patient,record,age\n007,A1,3\n007,A2,3\n,A3,4\n007,A1,9\n"
    assert patients_of(table(tmp_path, text)) == {"A1": "007", "A2": "007"}
    assert patients_of(None) == {}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("record\nA1\n", r"no column patient; it has \['record'\]"),
        ("record,patient\nA1,1\nA1,2\n", "record A1 has two patients"),
        ("", "cannot read it as a table"),
    ],
)
def test_tables_that_are_none(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(Refused, match=fault):
        patients_of(table(tmp_path, text))


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="not there") as refusal:
        patients_of(str(tmp_path / "none.csv"))
    assert "dataset.patients=FILE, or null" in refusal.value.remedy
