"""Headers and samples with random bytes changed: read, or unusable, and nothing else."""

from __future__ import annotations

import io
import resource
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from scipy.io import savemat

from tremor.data.ecg.dat import read_dat
from tremor.data.ecg.header import read_header
from tremor.data.ecg.npy import array_of
from tremor.data.ecg.recording import matlab
from tremor.data.ecg.writing import header_text, mat4
from tremor.data.sources.cells import Unusable
from tremor.errors import Refused

SAMPLES = np.arange(-6, 6, dtype=np.int16).reshape(2, 6)
TOLD = {"Age": "50", "Sex": "Male", "Dx": "1,2"}
HEADER = header_text("A", SAMPLES, 500.0, ["I", "II"], TOLD, 1000.0).encode()
WORDS = (b"9" * 30, b"-1", b"1e999", b"\xff" * 4, b"\0" * 8, b"/", b"#", b"\n", b" ", b"\x7f\xff")


def version_5(compressed: bool) -> bytes:
    file = io.BytesIO()
    savemat(file, {"val": SAMPLES}, do_compression=compressed)
    return file.getvalue()


def array() -> bytes:
    file = io.BytesIO()
    np.save(file, np.array(["A1", "A2"], object), allow_pickle=True)
    return file.getvalue()


def header(data: bytes) -> tuple[object, ...]:
    found = read_header(data.decode("latin-1"))
    return found.codes, found.age, found.sex, found.patient, found.told


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """The bytes with one to four of them changed, taken out, repeated, or put in between."""
    made = bytearray(data)
    for kind, place in zip(rng.integers(0, 5, rng.integers(1, 5)), rng.random(4), strict=False):
        at = int(place * len(made))
        if kind == 0 and made:
            made[at] = int(rng.integers(256))
        elif kind == 1:
            made[at:at] = WORDS[rng.integers(len(WORDS))]
        elif kind == 2:
            del made[at : at + int(rng.integers(1, 20))]
        elif kind == 3:
            made[at:at] = made[at : at + 12]
        else:
            made[at : at + 4] = rng.integers(-3, 2**31 - 1, dtype=np.int32).tobytes()
    return bytes(made)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Reading")
@pytest.mark.parametrize(
    ("read", "data", "count"),
    [
        (header, HEADER, 50_000),
        (matlab, mat4(SAMPLES), 50_000),
        (matlab, version_5(False), 25_000),
        (matlab, version_5(True), 25_000),
        (lambda data: read_dat(data, 212, 2, 0, None), mat4(SAMPLES), 10_000),
        (lambda data: array_of(data, Path("a.npy")), array(), 10_000),
    ],
    ids=["header", "mat4", "mat5", "mat5_compressed", "dat", "npy"],
)
def test_mutated_input_is_read_or_unusable(
    read: Callable[[bytes], object], data: bytes, count: int
) -> None:
    rng, unusable, longest = np.random.default_rng(7), 0, 0.0
    for number in range(count):
        if number == count // 10:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        made, start = mutated(data, rng), perf_counter()
        try:
            read(made)
        except (Unusable, Refused):
            unusable += 1
        longest = max(longest, perf_counter() - start)
    assert 0.1 * count < unusable < count
    assert longest < 1.0
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB
