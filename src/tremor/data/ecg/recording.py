"""A record as its files hold it: the header, the samples, and where the two disagree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tremor.data.ecg.dat import MISSING, read_dat
from tremor.data.ecg.header import Header, Lead, read_header
from tremor.data.ecg.mat4 import read_mat4
from tremor.data.ecg.mat5 import read_mat5
from tremor.data.ecg.writing import checksum
from tremor.data.sources.cells import Unusable

LONGEST_HEADER = 1 << 20  # bytes
LONGEST_FILE = 1 << 28  # bytes
MATLAB = ".mat"


@dataclass(frozen=True)
class Recording:
    """The samples `(lead, time)` in the converter's units, in the header's order of leads.

    `faults` name leads whose checksum or initial value the header has otherwise.
    """

    header: Header
    signal: NDArray[Any]
    faults: tuple[str, ...]


def read_recording(path: Path) -> Recording:
    """The record of a header; what is not as the header promises makes it unusable."""
    header = header_of(path)
    groups = [list(lines) for _, lines in groupby(header.leads, key=lambda lead: lead.file)]
    parts = [_samples(path.parent / lines[0].file, lines, header) for lines in groups]
    if len({part.shape[1] for part in parts}) > 1:
        raise Unusable("leads of different lengths")
    signal = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return Recording(header, signal, tuple(_faults(header, signal)))


def header_of(path: Path) -> Header:
    """The header in a file."""
    return read_header(_content(path, LONGEST_HEADER).decode("latin-1"))


def _content(path: Path, longest: int) -> bytes:
    try:
        if path.stat().st_size > longest:
            raise Unusable(f"a file of more than {longest >> 20} MB")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise Unusable(f"its file is not there: {path.suffix or path.name}") from error
    except OSError as error:
        raise Unusable(f"a file that cannot be read: {error.strerror}") from error


def _samples(path: Path, lines: list[Lead], header: Header) -> NDArray[Any]:
    """What one file holds: samples `(lead, time)` for the lines that name it."""
    layouts = {(line.format, line.offset) for line in lines}
    if len(layouts) > 1:
        raise Unusable("leads of one file in several formats")
    (kind, offset), data = layouts.pop(), _content(path, LONGEST_FILE)
    if path.suffix.lower() == MATLAB:
        signal = matlab(data)
    else:
        signal = read_dat(data, kind, len(lines), offset, header.samples)
    if len(signal) != len(lines):
        raise Unusable(f"{len(signal)} leads in the {path.suffix}, {len(lines)} promised")
    if header.samples not in (None, signal.shape[1]):
        wrong = f"{signal.shape[1]} samples in the {path.suffix}, {header.samples} promised"
        raise Unusable(wrong)
    if np.issubdtype(signal.dtype, np.signedinteger) and (signal == MISSING.get(kind)).any():
        raise Unusable("samples marked as missing")
    return signal


def matlab(data: bytes) -> NDArray[Any]:
    """The matrix `val (lead, time)` of a MATLAB file of version 4 or 5."""
    if data.startswith(b"MATLAB 7.3"):
        raise Unusable("a MATLAB 7.3 file; versions 4 and 5 are read")
    return read_mat5(data) if data.startswith(b"MATLAB 5") else read_mat4(data)


def _faults(header: Header, signal: NDArray[Any]) -> Iterator[str]:
    """Leads whose samples are not those that the header was written for."""
    with np.errstate(invalid="ignore"):
        whole = signal.astype(np.int64)
    if not np.issubdtype(signal.dtype, np.integer) and (whole != signal).any():
        yield "samples that are no whole numbers"
        return
    for lead, row in zip(header.leads, whole, strict=True):
        if lead.initial is not None and row[0] != lead.initial:
            yield f"initial value of {lead.name}"
        if lead.checksum is not None and (checksum(row) - lead.checksum) % 65536:
            yield f"checksum of {lead.name}"
