"""Binary day files of a fluxgate magnetometer that records once a second, and their writer.

A file has 144 blocks of 10,230 bytes, one for each ten minutes of the UTC day: a header of 30
bytes, then 600 records of 17 bytes. All numbers are little-endian.

    header   byte 27 (from 0)  8 bit unsigned     Voltage of the supply / 0.1 V; no other is read
    record   bytes 0-8         3 x 24 bit signed  H, D, Z: field / 0.01 nT
             bytes 9-12        2 x 16 bit signed  IX, IY: tilt / 0.1
             bytes 13-16       2 x 16 bit signed  TempS, TempP: temperatures / 0.01 degrees C

A field beyond 80,000 nT is missing. A file that ends early keeps all its whole records. The
instrument's state is read as components, too: they may be asked for like H, D and Z.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tremor.data.geomagnetic.names import day_of
from tremor.data.geomagnetic.samples import Samples, content, without_codes
from tremor.data.sources.cells import Unusable

NAME = re.compile(r"S(?P<day>\d{6})\.(?P<station>[A-Za-z0-9]{3})(\.gz)?", re.IGNORECASE)
HEADER, RECORD, RECORDS, BLOCKS = 30, 17, 600, 144  # bytes, bytes, records a block, blocks a day
BLOCK = HEADER + RECORD * RECORDS
VOLTAGE = 27  # byte of the header
COMPONENTS = ("H", "D", "Z", "IX", "IY", "TempS", "TempP", "Voltage")
UNITS = np.array([0.01, 0.01, 0.01, 0.1, 0.1, 0.01, 0.01, 0.1])  # of one count
FIELD = 3  # components that are field
NOTHING = 0x7FFFFF  # counts that are no field


@dataclass(frozen=True)
class InstrumentDay:
    """Files such as `S180305.SBG` or `S180305.SBG.gz`: 5 March 2018 at SBG."""

    def claims(self, name: str) -> tuple[str, date] | None:
        """The station and day of a name like `SYYMMDD.STA`."""
        return day_of(NAME.fullmatch(name), "%y%m%d")

    def read(self, path: Path, day: date) -> Samples:
        """The field (nT) and the state of the instrument of one file, one sample a second."""
        raw, notes = content(path)
        counts = _counts(raw)
        whole = BLOCK * BLOCKS
        if len(raw) > whole:
            notes += (f"{len(raw) - whole} bytes after the last block",)
        elif len(raw) < whole:
            notes += (f"ends after {len(counts)} of {BLOCKS * RECORDS} records",)
        seconds = np.arange(len(counts), dtype=np.float64)
        return Samples(COMPONENTS, seconds, without_codes((counts * UNITS).T), notes=notes)


def _counts(raw: bytes) -> NDArray[np.int32]:
    """The numbers of all whole records of a file: `(record, component)`."""
    if raw and raw[:HEADER].isascii() and raw[:HEADER].decode().isprintable():
        raise Unusable("text, not a file of the instrument")
    data = np.frombuffer(raw[: BLOCK * BLOCKS], dtype=np.uint8)
    full = len(data) // BLOCK
    blocks = data[: full * BLOCK].reshape(full, BLOCK)[:, HEADER:].reshape(-1, RECORD)
    rest = data[full * BLOCK + HEADER :]
    rest = rest[: len(rest) // RECORD * RECORD].reshape(-1, RECORD)
    records = np.concatenate([blocks, rest])
    if not len(records):
        raise Unusable(f"{len(raw)} bytes, too few for one record")
    voltage = np.repeat(data[VOLTAGE::BLOCK], RECORDS)[: len(records), None]
    small = np.ascontiguousarray(records[:, 9:]).view("<i2")
    return np.concatenate([_signed(records[:, :9]), small, voltage], axis=1, dtype=np.int32)


def _signed(three: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Numbers of 24 bits with a sign, from three bytes each, the lowest first."""
    parts = three.reshape(len(three), -1, 3).astype(np.int32)
    numbers = parts[..., 0] | parts[..., 1] << 8 | parts[..., 2] << 16
    return np.asarray((numbers ^ 0x800000) - 0x800000, dtype=np.int32)


def packed(field: NDArray[Any], voltage: float = 12.0, celsius: float = 25.0) -> bytes:
    """The bytes of a day file with this field `(3, 86400)` in nT; NaN becomes a missing sample."""
    if field.shape != (FIELD, BLOCKS * RECORDS):
        raise ValueError(f"a field of shape {field.shape}, not (3, {BLOCKS * RECORDS})")
    raw = field / UNITS[:FIELD, None]
    usable = np.abs(raw) < NOTHING
    counts = np.where(usable, np.rint(np.where(usable, raw, 0)), NOTHING).astype("<i4")
    records = np.zeros((BLOCKS * RECORDS, RECORD), dtype=np.uint8)
    triples = np.ascontiguousarray(counts.T).view(np.uint8).reshape(-1, FIELD, 4)[..., :3]
    records[:, :9] = triples.reshape(-1, 9)
    records[:, 13:] = np.rint(celsius / UNITS[5:7]).astype("<i2").view(np.uint8)
    blocks = np.zeros((BLOCKS, BLOCK), dtype=np.uint8)
    blocks[:, VOLTAGE] = round(voltage / float(UNITS[-1]))
    blocks[:, HEADER:] = records.reshape(BLOCKS, -1)
    return blocks.tobytes()
