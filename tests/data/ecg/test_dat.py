"""Formats 16 and 212: known bytes, the round trip, and files that end early."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tremor.data.ecg.dat import read_dat
from tremor.data.sources.cells import Unusable

TWELVE_BITS = st.integers(-2048, 2047)


def packed(flat: np.ndarray) -> bytes:
    """Format 212, written bit by bit: twelve bits a sample, the low byte of each first."""
    pairs = [*flat.tolist(), 0][: len(flat) + len(flat) % 2]
    found = []
    for first, second in zip(pairs[::2], pairs[1::2], strict=True):
        one, two = first & 0xFFF, second & 0xFFF
        found += [one & 0xFF, one >> 8 | (two >> 8) << 4, two & 0xFF]
    return bytes(found)


def test_the_first_samples_of_a_well_known_record() -> None:
    """Record 100 of the arrhythmia database of MIT and Beth Israel begins with 995 and 1011."""
    assert read_dat(bytes([0xE3, 0x33, 0xF3]), 212, 2, 0, None).tolist() == [[995], [1011]]


@given(arrays(np.int16, st.tuples(st.integers(1, 9), st.integers(1, 5)), elements=TWELVE_BITS))
def test_what_is_packed_comes_back(samples: np.ndarray) -> None:
    time, leads = samples.shape
    for kind, data in ((16, samples.astype("<i2").tobytes()), (212, packed(samples.ravel()))):
        read = read_dat(b"head" + data, kind, leads, 4, time)
        np.testing.assert_array_equal(read, samples.T)
        assert read.dtype == np.int16


def test_a_last_half_pair_needs_two_bytes_only() -> None:
    data = packed(np.array([-5, 6, -2047]))[:-1]
    assert read_dat(data, 212, 3, 0, None).ravel().tolist() == [-5, 6, -2047]


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (b"", 16, "ends early"),
        (bytes(5), 16, "ends early"),
        (bytes(6), 16, "ends early"),
        (bytes(4), 212, "ends early"),
        (bytes(3), 16, "ends early"),
        (bytes(8), 80, "format 80"),
    ],
)
def test_what_ends_early_is_unusable(data: bytes, kind: int, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        read_dat(data, kind, 2, 0, None)
