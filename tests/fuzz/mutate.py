"""Bytes changed at random: bits, words, lengths, repeats, cuts, splices, another format's bytes."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from random import Random

WORDS = (
    *(b"9" * 30, b"-1", b"0", b"nan", b"inf", b"-inf", b"1e999", b"null", b"true", b"\xef\xbb\xbf"),
    *(b"\xff" * 4, b"\xff" * 8, b"\0" * 8, b"\x7f\xff\xff\xff", b"\0\0\0\x80", b"\0\x01", b"\x7f"),
    *(b"/", b"#", b"\n", b"\r\n", b"\r", b" ", b",", b";", b":", b'"', b"'", b"$", b"%", b"\t"),
    *(b"../../../etc/passwd", b"${now:}", b"${oc.env:HOME}", b"$(touch ran)", b"!!python/name:os."),
    *(b"[", b"]", b"{", b"}", b"(", b")", b"cos\nsystem\n", b"R.", b"<script>", b"\x1b[31m", b"&a"),
)
FORMATS = (
    *(
        b"",
        b"\n",
        b"PK\x03\x04\x14\0\0\0\x08\0",
        b"\x89HDF\r\n\x1a\n",
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    ),
    *(b"\x1f\x8b\x08\0\0\0\0\0", b"\x80\x04\x95", b"\x93NUMPY\x01\0v\0", b"MATLAB 5.0 MAT-file"),
    *(
        b"version https://git-lfs",
        b"%PDF-1.4",
        b"<html></html>",
        b"{}",
        b"[]",
        b"a,b\n1,2\n",
        b"- a",
    ),
)
LENGTHS = (0, 1, -1, 2, 7, 255, 256, 65535, 2**24, 2**31 - 1, -(2**31), 2**32 - 1, 2**62, 2**63 - 1)
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
MOST = 4  # changes of one case
LONGEST = 1 << 14  # bytes that a repeat may add

Change = Callable[[bytearray, int, Random], None]


def _bit(data: bytearray, at: int, rng: Random) -> None:
    if data:
        data[at % len(data)] ^= 1 << rng.randrange(8)


def _byte(data: bytearray, at: int, rng: Random) -> None:
    if data:
        data[at % len(data)] = rng.randrange(256)


def _word(data: bytearray, at: int, rng: Random) -> None:
    data[at:at] = rng.choice(WORDS)


def _over(data: bytearray, at: int, rng: Random) -> None:
    word = rng.choice(WORDS)
    data[at : at + len(word)] = word


def _gone(data: bytearray, at: int, rng: Random) -> None:
    del data[at : at + rng.choice((1, 2, 4, 8, 20, 100))]


def _again(data: bytearray, at: int, rng: Random) -> None:
    part = data[at : at + rng.choice((1, 4, 12, 100))]
    data[at:at] = part * min(rng.choice((1, 1, 2, 10, 1000)), LONGEST // max(1, len(part)))


def _length(data: bytearray, at: int, rng: Random) -> None:
    """What may be a length becomes a bold one, in one of the usual layouts."""
    size, order = rng.choice((1, 2, 4, 4, 8)), rng.choice(("little", "big"))
    value = rng.choice(LENGTHS) % (1 << 8 * size)
    data[at : at + size] = value.to_bytes(size, order)  # type: ignore[arg-type]


def _real(data: bytearray, at: int, rng: Random) -> None:
    value = rng.choice((float("nan"), float("inf"), -float("inf"), 1e300, -0.0))
    kind = rng.choice(["<f", "<d", ">f", ">d"])
    value = min(value, 3e38) if kind[1] == "f" and value == 1e300 else value
    data[at : at + struct.calcsize(kind)] = struct.pack(kind, value)


def _number(data: bytearray, at: int, rng: Random) -> None:
    """A number in text becomes another one."""
    found = NUMBER.search(data, at) or NUMBER.search(data)
    if found:
        other = (b"nan", b"inf", b"-1", b"0", b"1e308", b"9" * 20, b"0.5", b"-0", b"1_0", b"", b"x")
        data[found.start() : found.end()] = rng.choice(other)


def _cut(data: bytearray, at: int, rng: Random) -> None:
    del data[at:]


def _line(data: bytearray, at: int, rng: Random) -> None:
    """A line is gone, twice there, or elsewhere."""
    lines = bytes(data).splitlines(keepends=True)
    if lines:
        line = lines.pop(rng.randrange(len(lines)))
        for _ in range(rng.choice((0, 1, 2))):
            lines.insert(rng.randrange(len(lines) + 1), line)
        data[:] = b"".join(lines)


CHANGES: tuple[Change, ...] = (
    *(_bit, _byte, _word, _over, _gone, _again, _length, _length),
    *(_real, _number, _number, _cut, _line, _bit),
)


def mutated(data: bytes, rng: Random, others: Sequence[bytes] = ()) -> bytes:
    """The bytes with some changes; now and then spliced with others, or quite others."""
    luck = rng.random()
    if luck < 0.005:
        return rng.choice(FORMATS)
    if luck < 0.05 and others:
        other = rng.choice(others)
        return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]
    made = bytearray(data)
    for _ in range(rng.randint(1, MOST)):
        rng.choice(CHANGES)(made, rng.randrange(len(made) + 1), rng)
    return bytes(made)
