"""MATLAB files against scipy's reader and writer, and those that are not what they say."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from tremor.data.ecg.mat4 import read_mat4
from tremor.data.ecg.recording import matlab
from tremor.data.ecg.writing import mat4
from tremor.data.sources.cells import Unusable

VALUES = np.arange(-12, 12).reshape(3, 8)
KINDS = ("int16", "int32", "float32", "float64", "uint8", "uint16")
V4 = mat4(VALUES.astype(np.int16))


def saved(version: str, **matrices: object) -> bytes:
    file = io.BytesIO()
    squeezed = matrices.pop("squeezed", False)
    savemat(file, matrices, format=version, do_compression=bool(squeezed))
    return file.getvalue()


def test_all_real_records_agree_with_scipy(shared_data: Path) -> None:
    paths = sorted((shared_data / "ecg" / "records").glob("*.mat"))
    assert len(paths) == 60
    for path in paths:
        ours = matlab(path.read_bytes())
        assert ours.dtype == np.int16
        np.testing.assert_array_equal(ours, loadmat(path)["val"])


@pytest.mark.parametrize("version", ["4", "5"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_scipy_writes(version: str, kind: str) -> None:
    values = np.abs(VALUES).astype(kind) if kind[0] == "u" else VALUES.astype(kind)
    ours = matlab(saved(version, other=np.eye(2), val=values))
    np.testing.assert_array_equal(ours, values)
    assert ours.dtype.kind == values.dtype.kind or version == "5"


def test_compressed_and_small_ones_of_version_5() -> None:
    np.testing.assert_array_equal(matlab(saved("5", val=VALUES, squeezed=True)), VALUES)
    np.testing.assert_array_equal(matlab(saved("5", val=np.int16([[3], [4]]))), [[3], [4]])


def test_big_endian_bytes() -> None:
    head = struct.pack(">5i", 1030, 3, 8, 0, 4) + b"val\0"
    data = head + VALUES.astype(">i2").tobytes(order="F")
    np.testing.assert_array_equal(read_mat4(data), VALUES)
    assert loadmat(io.BytesIO(data))["val"].tolist() == VALUES.tolist()


def test_a_file_that_unfolds_to_far_more_is_unusable() -> None:
    bomb = saved("5", val=np.zeros((12, 200_000), np.int16), squeezed=True)
    assert len(bomb) < 20_000
    with pytest.raises(Unusable):
        matlab(bomb)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no matrix val"),
        (V4[:10], "ends early"),
        (V4[:-2], "ends early"),
        (V4.replace(b"val", b"vol"), "no matrix val"),
        (struct.pack("<5i", 30, 12, 2**31 - 1, 0, 4) + b"val\0", "ends early"),
        (struct.pack("<5i", 30, 2**31 - 1, 2**31 - 1, 0, 4) + b"val\0", "ends early"),
        (struct.pack("<5i", 30, -1, 8, 0, 4) + b"val\0", "no size or no name"),
        (struct.pack("<5i", 30, 3, 8, 0, 2**31 - 1) + b"val\0", "no size or no name"),
        (struct.pack("<5i", 30, 3, 8, 1, 4) + b"val\0", "another kind"),
        (struct.pack("<5i", 31, 3, 8, 0, 4) + b"val\0", "another kind"),
        (struct.pack("<5i", 2030, 3, 8, 0, 4) + b"val\0", "another kind"),
        (struct.pack("<5i", 0, 1, 1, 0, 2) + b"a\0" + bytes(8) + V4[:30], "ends early"),
        (b"MATLAB 7.3 MAT-file, Platform", "MATLAB 7.3"),
        (b"MATLAB 5.0 MAT-file", "broken head"),
        (saved("5", val=VALUES)[:-3], "ends early"),
        (saved("5", val=VALUES + 1j), "another kind"),
        (saved("5", val="text"), "another kind"),
        (saved("5", val={"a": 1}), "another kind"),
        (saved("5", val=np.zeros((2, 2, 2))), "two dimensions"),
        (saved("5", vol=VALUES), "no matrix val"),
    ],
)
def test_what_is_not_what_it_says_is_unusable(data: bytes, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        matlab(data)
