"""Headers, tables of patients and lists of classes, from known values and as people write them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from table_texts import DRESSES, ENDS, ODD_NAMES, Dress

from tremor.data.ecg.header import Header, read_header
from tremor.data.ecg.patients import patients_of
from tremor.data.ecg.recording import header_of
from tremor.data.sources.cells import Unusable
from tremor.doors.importing import by_name, listed
from tremor.errors import Refused

IN_A_FOLDER = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
WHOLE = st.integers(-32768, 32767)
WORD = st.text("abcXYZ0123456789-_", min_size=1, max_size=8).filter(lambda t: t[0] != "-")
LEAD = st.fixed_dictionaries(
    {
        "gain": st.floats(1e-3, 1e5),
        "baseline": st.none() | WHOLE,
        "units": st.sampled_from(["", "/mV", "/uV"]),
        "zero": WHOLE,
        "initial": WHOLE,
        "checksum": WHOLE,
        "name": st.sampled_from(["I", "aVR", "V1", "MLII", "lead two"]),
        "offset": st.sampled_from([0, 24, 512]),
    }
)
TOLD = st.fixed_dictionaries(
    {
        "Age": st.integers(0, 120) | st.sampled_from(["NaN", "Unknown", "-1", "121"]),
        "Sex": st.sampled_from(["Male", "F", "female", "Unknown", ""]),
        "Patient": st.sampled_from(["", "007", "p 1", "Unknown"]),
    }
)
CODES = st.lists(st.integers(1, 10**12).map(str), max_size=5)


def line(lead: dict[str, Any]) -> str:
    """A lead as WFDB writes it."""
    zero = "" if lead["baseline"] is None else f"({lead['baseline']})"
    gain = np.format_float_positional(lead["gain"], trim="-")
    numbers = f"16 {lead['zero']} {lead['initial']} {lead['checksum']} 0"
    return f"a.mat 16+{lead['offset']} {gain}{zero}{lead['units']} {numbers} {lead['name']}"


def put(folder: Path, text: str, name: str = "a.hea") -> Path:
    path = folder / name
    path.write_bytes(text.encode())
    return path


@given(
    name=WORD,
    rate=st.floats(1, 1e4),
    samples=st.none() | st.integers(1, 10**7),
    leads=st.lists(LEAD, min_size=1, max_size=3),
    told=TOLD,
    codes=CODES,
    end=ENDS,
    shape=st.sampled_from(["", "\ufeff", "\ufeff#\n", "#\n\n"]),
    between=st.sampled_from([",", ", ", " ", ";"]),
    spaced=st.booleans(),
)
@IN_A_FOLDER
def test_a_header_is_read_back(
    tmp_path: Path,
    name: str,
    rate: float,
    samples: int | None,
    leads: list[dict[str, Any]],
    told: dict[str, Any],
    codes: list[str],
    end: str,
    shape: str,
    between: str,
    spaced: bool,
) -> None:
    count = "" if samples is None else f" {samples}"
    lines = [f"{name} {len(leads)} {rate!r}{count}", *map(line, leads)]
    comments = told | {"Dx": between.join(codes)}
    lines += [f"#{' ' * spaced}{key}: {text}" for key, text in comments.items()]
    gap = end * (1 + spaced)
    found = header_of(put(tmp_path, shape.replace("\n", end) + gap.join(lines) + end))
    assert (found.name, found.rate, found.samples) == (name, rate, samples)
    for wanted, lead in zip(leads, found.leads, strict=True):
        assert lead.gain == wanted["gain"]
        assert lead.baseline == (
            wanted["zero"] if wanted["baseline"] is None else wanted["baseline"]
        )
        assert lead.units == (wanted["units"][1:] or "mV")
        assert (lead.file, lead.format, lead.offset) == ("a.mat", 16, wanted["offset"])
        told_of = (lead.initial, lead.checksum, lead.name)
        assert told_of == (wanted["initial"], wanted["checksum"], wanted["name"])
    _as_told(found, told, codes)


def _as_told(found: Header, told: dict[str, Any], codes: list[str]) -> None:
    """What a header knows of the patient."""
    assert found.codes == tuple(dict.fromkeys(codes))
    if isinstance(told["Age"], int):
        assert found.age == told["Age"]
    else:
        assert math.isnan(found.age)
    assert found.sex == {"m": "male", "f": "female"}.get(told["Sex"][:1].lower(), "")
    assert found.patient == ("" if told["Patient"] == "Unknown" else told["Patient"])


SOUND = "A1 2 500 10\nA1.mat 16 1000/mV 16 0 1 2 0 I\nA1.mat 16 1000/mV 16 0 3 4 0 II\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("2 500", "3 500"),
        ("2 500", "two 500"),
        ("500 10", "0 10"),
        ("500 10", "-500 10"),
        ("500 10", "500,0 10"),
        ("500 10", "nan 10"),
        ("500 10", "500 ten"),
        ("500 10", "500 -1"),
        ("A1.mat 16 1000/mV 16 0 3", "../A1.mat 16 1000/mV 16 0 3"),
        ("16 1000/mV 16 0 3", "16 gain 16 0 3"),
        ("16 1000/mV 16 0 3", "16x2 1000/mV 16 0 3"),
        ("0 3 4", "0 3.5 4"),
        ("0 3 4", "0 3 x"),
        ("A1 2", "A1/2 2"),
    ],
)
def test_one_broken_field_of_a_header_is_said(old: str, new: str) -> None:
    assert len(read_header(SOUND).leads) == 2
    assert SOUND.count(old) == 1
    with pytest.raises(Unusable):
        read_header(SOUND.replace(old, new))


@given(
    patients=st.dictionaries(ODD_NAMES, ODD_NAMES | st.just(""), min_size=1, max_size=5),
    dress=DRESSES,
    turned=st.booleans(),
    padded=st.sampled_from(["", " "]),
)
@IN_A_FOLDER
def test_patients_are_read_back(
    tmp_path: Path, patients: dict[str, str], dress: Dress, turned: bool, padded: str
) -> None:
    rows = [[record, padded + patient] for record, patient in patients.items()]
    order = (1, 0) if turned else (0, 1)
    header = ["record", "patient"]
    content = dress.text([header[k] for k in order], [[row[k] for k in order] for row in rows])
    (path := tmp_path / "x.csv").write_bytes(content)
    assert patients_of(str(path)) == {r: p for r, p in patients.items() if p}


def test_patients_in_lines_that_are_too_long_are_refused(tmp_path: Path) -> None:
    path = put(tmp_path, "record,patient\nA1,Smith, J\nA2,Doe, J\n", "x.csv")
    with pytest.raises(Refused, match="more fields than its header") as told:
        patients_of(str(path))
    assert told.value.where == str(path)


@given(
    classes=st.dictionaries(WORD, st.integers(1, 10**15), min_size=1, max_size=5),
    mark=st.sampled_from(["", "\ufeff"]),
    between=st.sampled_from(["\n", "\r\n", " ", "\n\n", ",", ", "]),
    closed=st.booleans(),
)
@IN_A_FOLDER
def test_classes_are_read_back(
    tmp_path: Path, classes: dict[str, int], mark: str, between: str, closed: bool
) -> None:
    words = [f"{name}={code}" for name, code in classes.items()]
    path = put(tmp_path, mark + between.join(words) + between * closed, "x.txt")
    assert by_name(listed(path)) == {name: [code] for name, code in classes.items()}
