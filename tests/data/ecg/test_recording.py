"""Records whose header and samples agree, and every way in which they do not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ecg_records import beats, changed, write
from scipy.io import savemat

from tremor.data.ecg.leads import LEADS
from tremor.data.ecg.recording import read_recording
from tremor.data.sources.cells import Unusable


def test_all_real_records_are_read_without_fault(shared_data: Path) -> None:
    for path in sorted((shared_data / "ecg" / "records").glob("*.hea")):
        recording = read_recording(path)
        raw = np.fromfile(path.with_suffix(".mat"), "<i2", offset=24).reshape(-1, 12).T
        np.testing.assert_array_equal(recording.signal, raw)
        assert recording.faults == ()
        assert tuple(lead.name for lead in recording.header.leads) == LEADS


@pytest.mark.parametrize("kind", ["16", "16+24", "212"])
def test_samples_in_a_dat(tmp_path: Path, kind: str) -> None:
    path, signal = write(tmp_path, samples=40), np.clip(beats(40), -2047, 2047)
    changed(changed(path, "A1.mat", "A1.dat"), "16+24", kind)
    if kind == "212":
        low, high = (signal.T.reshape(-1, 2).T & 0xFFF).astype(np.uint16)
        parts = (low & 0xFF, low >> 8 | high >> 8 << 4, high & 0xFF)
        data = np.stack(parts, 1).astype(np.uint8).tobytes()
    else:
        data = bytes(24 * (kind != "16")) + signal.T.astype("<i2").tobytes()
    (tmp_path / "A1.dat").write_bytes(data)
    recording = read_recording(path)
    np.testing.assert_array_equal(recording.signal, signal)
    assert recording.faults == ()


def test_a_file_for_each_lead(tmp_path: Path) -> None:
    path = write(tmp_path, samples=40)
    lines = path.read_text().splitlines()
    for n, row in enumerate(beats(40)):
        lines[n + 1] = lines[n + 1].replace("A1.mat 16+24", f"A1_{n}.dat 16")
        row.astype("<i2").tofile(tmp_path / f"A1_{n}.dat")
    path.write_text("\n".join(lines))
    np.testing.assert_array_equal(read_recording(path).signal, beats(40))
    beats(39)[3].astype("<i2").tofile(tmp_path / "A1_3.dat")
    with pytest.raises(Unusable, match=r"39 samples in the \.dat, 40 promised"):
        read_recording(path)


def test_floats_as_other_programs_save_them(tmp_path: Path) -> None:
    path = write(tmp_path, samples=40)
    savemat(path.with_suffix(".mat"), {"val": beats(40).astype(np.float32)})
    recording = read_recording(path)
    assert recording.faults == ()
    np.testing.assert_array_equal(recording.signal, beats(40))
    savemat(path.with_suffix(".mat"), {"val": beats(40) / 1000})
    assert read_recording(path).faults == ("samples that are no whole numbers",)


def test_another_checksum_or_first_sample_is_a_fault(tmp_path: Path) -> None:
    signal = beats(40)
    path = write(tmp_path, signal=signal)
    signal[4, 0] += 1
    savemat(path.with_suffix(".mat"), {"val": signal}, format="4")
    assert read_recording(path).faults == ("initial value of aVL", "checksum of aVL")
    unsigned = write(tmp_path, "B", signal=np.full((12, 2), -3, np.int16))
    changed(unsigned, " -6 0 ", f" {65536 - 6} 0 ")
    assert read_recording(unsigned).faults == ()


def eight(path: Path) -> None:
    savemat(path.with_suffix(".mat"), {"val": beats(40)[:8]}, format="4")


def lines_of_eight(path: Path) -> None:
    path.write_text("\n".join(path.read_text().splitlines()[:9]))


def fewer(path: Path) -> None:
    savemat(path.with_suffix(".mat"), {"val": beats(30)}, format="4")


def truncated(path: Path) -> None:
    whole = path.with_suffix(".mat").read_bytes()
    path.with_suffix(".mat").write_bytes(whole[: len(whole) // 2])


def empty(path: Path) -> None:
    path.with_suffix(".mat").write_bytes(b"")


def gone(path: Path) -> None:
    path.with_suffix(".mat").unlink()


def zero_hertz(path: Path) -> None:
    changed(path, "A1 12 500", "A1 12 0")


def not_there(path: Path) -> None:
    signal = beats(40)
    signal[2, 7] = -32768
    savemat(path.with_suffix(".mat"), {"val": signal}, format="4")


def two_formats(path: Path) -> None:
    changed(path, "16+24", "212", 1)


def long_header(path: Path) -> None:
    path.write_text("#" * (1 << 20) + "\n" + path.read_text())


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (eight, r"8 leads in the \.mat, 12 promised"),
        (lines_of_eight, "8 lines of leads in the header, 12 promised"),
        (fewer, r"30 samples in the \.mat, 40 promised"),
        (truncated, r"a \.mat that ends early"),
        (empty, "no matrix val"),
        (gone, r"its file is not there: \.mat"),
        (zero_hertz, "a sampling rate of 0 Hz"),
        (not_there, "samples marked as missing"),
        (two_formats, "several formats"),
        (long_header, "a file of more than 1 MB"),
    ],
)
def test_what_is_not_as_promised_is_unusable(
    tmp_path: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    path = write(tmp_path, samples=40)
    spoil(path)
    with pytest.raises(Unusable, match=reason):
        read_recording(path)
