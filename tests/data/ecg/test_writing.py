"""Records that are written are those that are read, by our reader and by others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ecg_records import beats, write
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.io import loadmat

from tremor.data.ecg.recording import read_recording
from tremor.data.ecg.writing import LOWEST, checksum, write_record
from tremor.errors import Refused

SIGNALS = arrays(
    np.int16, st.tuples(st.integers(1, 13), st.integers(1, 40)), elements=st.integers(LOWEST, 32767)
)
TEXT = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=12)


@given(SIGNALS, st.floats(1e-3, 1e5), st.floats(1e-3, 1e6), TEXT)
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory,
    signal: np.ndarray,
    rate: float,
    gain: float,
    patient: str,
) -> None:
    folder = tmp_path_factory.getbasetemp() / "round"
    leads = [f"L{n}" for n in range(len(signal))]
    told = {"Dx": "1,2", "Patient": f"p{patient}"}
    read = read_recording(write_record(folder, "r_1-b", signal, rate, leads, told, gain))
    np.testing.assert_array_equal(read.signal, signal)
    assert read.faults == ()
    header = read.header
    assert (header.rate, header.samples, header.codes) == (rate, signal.shape[1], ("1", "2"))
    assert header.patient == f"p{patient}"
    assert [lead.name for lead in header.leads] == leads
    assert {lead.gain for lead in header.leads} == {gain}


def test_real_records_are_written_byte_for_byte(tmp_path: Path, shared_data: Path) -> None:
    for path in sorted((shared_data / "ecg" / "records").glob("*.hea"))[::6]:
        read, text = read_recording(path), path.read_text()
        told = read.header.told
        names = [lead.name for lead in read.header.leads]
        rate, gain = read.header.rate, read.header.leads[0].gain
        ours = write_record(tmp_path, path.stem, read.signal, rate, names, told, gain)
        assert ours.with_suffix(".mat").read_bytes() == path.with_suffix(".mat").read_bytes()
        assert ours.read_text().splitlines()[1:] == text.strip().splitlines()[1:]


def test_others_read_it(tmp_path: Path) -> None:
    path = write(tmp_path, samples=30)
    np.testing.assert_array_equal(loadmat(path.with_suffix(".mat"))["val"], beats(30))
    assert path.read_text().splitlines()[0] == "A1 12 500 30"


def test_the_checksum_is_of_sixteen_bits() -> None:
    assert checksum(np.array([32767, 1], np.int16)) == -32768
    assert checksum(np.array([-32767, -2], np.int16)) == 32767
    assert checksum(np.full(65536, 1, np.int16)) == 0


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"name": "a/b"}, "a name of something other"),
        ({"signal": beats(10)[:3]}, r"samples of shape \(3, 10\) for 12 leads"),
        ({"signal": beats(10)[:, :0]}, "samples of shape"),
        ({"signal": beats(10) / 2}, "no whole numbers"),
        ({"signal": beats(10).astype(np.int32) + 40_000}, "samples beyond"),
        ({"signal": np.full((12, 3), -32768, np.int16)}, "samples beyond"),
        ({"rate": 0.0}, "a rate of 0"),
        ({"rate": float("nan")}, "a rate of nan"),
        ({"gain": float("inf")}, "a gain of inf"),
        ({"leads": ["a b"] * 12}, "lead names that are not one word"),
        ({"told": {"Dx": "1\n#Sex: Male"}}, "comments that are not one line"),
    ],
)
def test_what_no_reader_would_take_is_refused(
    tmp_path: Path, wrong: dict[str, Any], fault: str
) -> None:
    with pytest.raises(Refused, match=fault):
        write(tmp_path, samples=10, **wrong)
    assert list(tmp_path.iterdir()) == []
