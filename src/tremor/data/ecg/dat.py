"""Samples of WFDB signal files (.dat), in the formats 16 and 212."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tremor.data.sources.cells import Unusable

Samples = NDArray[np.int16]
MISSING = {16: -32768, 212: -2048}  # what says that a sample is not there


def read_dat(data: bytes, kind: int, leads: int, offset: int, samples: int | None) -> Samples:
    """Samples `(lead, time)` that lie from byte `offset` on, one of each lead after the other.

    `samples` are those of each lead, where the header tells them: three bytes of format 212 hold
    two, so that one may be left over.
    """
    if kind not in MISSING:
        raise Unusable(f"samples in format {kind}; 16 and 212 are read")
    body = np.frombuffer(data, np.uint8)[offset:]
    flat = _of_two_bytes(body) if kind == 16 else _of_three(body)
    if samples is not None and kind == 212 and len(flat) == samples * leads + 1:
        flat = flat[:-1]
    if not len(flat) or len(flat) % leads:
        raise Unusable("a .dat that ends early")
    return flat.reshape(-1, leads).T


def _of_two_bytes(body: NDArray[np.uint8]) -> Samples:
    if len(body) % 2:
        raise Unusable("a .dat that ends early")
    return body.view("<i2").astype(np.int16, copy=False)


def _of_three(body: NDArray[np.uint8]) -> Samples:
    """Two samples of twelve bits in three bytes: the low bytes outside, the high bits between."""
    if len(body) % 3 == 1:
        raise Unusable("a .dat that ends early")
    padded = np.zeros(-(-len(body) // 3) * 3, np.int16)
    padded[: len(body)] = body
    low, middle, last = padded.reshape(-1, 3).T
    pairs = np.stack([low | (middle & 0x0F) << 8, last | (middle & 0xF0) << 4], axis=1)
    signed = (pairs << 4).astype(np.int16) >> 4
    return signed.reshape(-1)[: len(body) * 2 // 3]
