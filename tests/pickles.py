"""Pickles written for tests: of things, and by hand."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from tremor.data.sources.safe_pickle import read_pickle

FIXTURES = Path(__file__).parent / "fixtures" / "pickles"
VERSIONS = ("p022", "p024", "p11", "p15", "p22", "p30", "p30arrow")
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def written(folder: Path, data: bytes) -> Path:
    """A file that holds exactly these bytes."""
    path = folder / "x.pkl"
    path.write_bytes(data)
    return path


def read_back(folder: Path, thing: Any, protocol: int) -> Any:
    """The thing after Python's own pickling and our reading."""
    return read_pickle(written(folder, pickle.dumps(thing, protocol=protocol)))


def short(text: str) -> bytes:
    """The opcode of a short text."""
    raw = text.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def called(path: str, arguments: bytes, *, how: str = "global") -> bytes:
    """The opcodes that call a dotted name with the arguments on top of a mark."""
    module, _, name = path.rpartition(".")
    if how == "old":
        return b"(" + arguments + f"i{module}\n{name}\n".encode()
    named = short(module) + short(name) + b"\x93"
    if how == "global":
        named = f"c{module}\n{name}\n".encode()
    return named + b"(" + arguments + b"tR"
