"""Writing a record as a WFDB header and a MATLAB 4 file, both of which appear whole or not at all.

Any reader of WFDB takes them: checksums, initial values, file names and format are those of the
samples that are written.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tremor.errors import Refused
from tremor.files import write_whole

NAME = re.compile(r"\w[\w-]*", re.ASCII)
KEY = re.compile(r"[^\s:#][^\n\r:]*")
LOWEST, HIGHEST = -32767, 32767  # -32768 says that a sample is missing
INT16 = 30  # MATLAB 4's number for a full matrix of little-endian int16
VARIABLE = b"val\0"


def write_record(
    folder: Path,
    name: str,
    signal: NDArray[np.integer[Any]],
    rate: float,
    leads: Sequence[str],
    comments: Mapping[str, str],
    gain: float = 1000.0,
) -> Path:
    """Write `signal (lead, time)` (integers of 16 bits, `gain` of them a mV); returns the header.

    `rate` is samples a second; `comments` become lines such as `#Age: 81`. The header comes last,
    so that a record that has one is whole.
    """
    samples = _checked(name, np.asarray(signal), rate, leads, comments, gain)
    write_whole(folder / f"{name}.mat", mat4(samples))
    header = header_text(name, samples, rate, leads, comments, gain)
    return write_whole(folder / f"{name}.hea", header)


def mat4(samples: NDArray[np.int16]) -> bytes:
    """A MATLAB 4 file with one matrix `val (lead, time)`: 24 bytes, then sample after sample."""
    rows, columns = samples.shape
    head = struct.pack("<5i", INT16, rows, columns, 0, len(VARIABLE)) + VARIABLE
    return head + samples.astype("<i2").tobytes(order="F")


def header_text(
    name: str,
    samples: NDArray[np.int16],
    rate: float,
    leads: Sequence[str],
    comments: Mapping[str, str],
    gain: float,
) -> str:
    """The text of a header of counts `(lead, time)`: a line, one a lead, and the comments."""
    lines = [f"{name} {len(leads)} {_written(rate)} {samples.shape[1]}"]
    for lead, row in zip(leads, samples, strict=True):
        checks = f"{row[0]} {checksum(row)}"
        lines.append(f"{name}.mat 16+24 {_written(gain)}/mV 16 0 {checks} 0 {lead}")
    lines += [f"#{key}: {value}" for key, value in comments.items()]
    return "\n".join(lines) + "\n"


def checksum(samples: NDArray[np.integer[Any]]) -> int:
    """WFDB's checksum: the sum of the samples `(time,)` as a signed number of 16 bits."""
    return (int(samples.sum(dtype=np.int64)) + 32768) % 65536 - 32768


def _written(number: float) -> str:
    """A number without an exponent, and without a point where it is whole."""
    return str(np.format_float_positional(number, trim="-"))


def _checked(
    name: str,
    signal: NDArray[np.integer[Any]],
    rate: float,
    leads: Sequence[str],
    comments: Mapping[str, str],
    gain: float,
) -> NDArray[np.int16]:
    """The samples, if all that is to be written can be."""
    words = [lead for lead in leads if len(lead.split()) != 1 or lead != lead.strip()]
    lines = [key for key, text in comments.items() if not _one_line(key, text)]
    faults = {
        "a name of something other than letters, digits, _ and -": not NAME.fullmatch(name),
        f"samples of shape {signal.shape} for {len(leads)} leads": _misshapen(signal, leads),
        f"lead names that are not one word: {words}": bool(words),
        f"comments that are not one line: {lines}": bool(lines),
        f"a rate of {rate} Hz": not 0 < rate < np.inf,
        f"a gain of {gain} a mV": not 0 < gain < np.inf,
        f"samples beyond {LOWEST} … {HIGHEST}, or no whole numbers": not _fits(signal),
    }
    for fault, there in faults.items():
        if there:
            raise Refused(f"cannot write this record: {fault}", name, "mend what is to be written")
    return signal.astype(np.int16)


def _misshapen(signal: NDArray[Any], leads: Sequence[str]) -> bool:
    return signal.ndim != 2 or len(signal) != len(leads) or not signal.size


def _one_line(key: str, text: str) -> bool:
    return bool(KEY.fullmatch(key)) and not {"\n", "\r"} & set(text)


def _fits(signal: NDArray[Any]) -> bool:
    whole = np.issubdtype(signal.dtype, np.integer)
    return whole and (not signal.size or LOWEST <= signal.min() <= signal.max() <= HIGHEST)
