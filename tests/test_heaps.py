"""Texts of HDF5 files: sound ones pass, one changed size is found, samples are no heaps."""

from __future__ import annotations

import struct
from pathlib import Path

import h5py
import numpy as np
import pytest

from tremor.heaps import BEGIN, HEAD, refuse_broken_heaps


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of some hundred texts."""
    made = tmp_path / "x.h5"
    with h5py.File(made, "w") as file:
        file.attrs["names"] = ["n" * (n % 90) for n in range(400)]
        file["said"] = "ZNE"
        file["samples"] = np.frombuffer(b"GCOLGCOL" * 100, np.float32)
    return made


def test_a_sound_file_passes(path: Path) -> None:
    assert BEGIN in path.read_bytes()
    refuse_broken_heaps(path)
    (path.parent / "empty").touch()
    refuse_broken_heaps(path.parent / "empty")


@pytest.mark.parametrize("size", [0, 8, 2**63, 2**64 - 1])
@pytest.mark.parametrize("what", ["heap", "part", "free"])
def test_a_size_that_does_not_add_up_is_found(path: Path, what: str, size: int) -> None:
    data = bytearray(path.read_bytes())
    place = at = data.index(BEGIN)
    if what != "heap":
        place += HEAD
    while what == "free" and data[place : place + 2] != b"\0\0":
        (length,) = struct.unpack_from("<Q", data, place + 8)
        place += 16 + -(-length // 8) * 8
    assert at <= place < len(data)
    struct.pack_into("<Q", data, place + 8, size)
    path.write_bytes(data)
    if (what, size) == ("part", 8):
        return  # a shorter part may leave sound ones behind it
    with pytest.raises(ValueError, match="damaged"):
        refuse_broken_heaps(path)
