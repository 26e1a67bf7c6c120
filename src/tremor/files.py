"""Files that appear whole or not at all, and fingerprints of files that are not read twice."""

from __future__ import annotations

import errno
import hashlib
import itertools
import json
import os
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tremor.alive import lives
from tremor.errors import TremorError

CHUNK = 1 << 22
SAFE = " !$&'()+,;=@[]{}"
MANY = 1000  # files whose fingerprints are remembered together
SCRATCH = re.compile(r"\..+\.~(?P<host>[0-9a-f]{8})-(?P<process>\d+)-\w+")
"""Names of what is not whole yet: of which process on which machine."""


def near(path: Path) -> str:
    """A path as one types it from here: relative inside this folder, absolute elsewhere."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def free(wanted: Path) -> Path:
    """The path, or the same with a number where something has it already."""
    others = (wanted.with_name(f"{wanted.name}_{number}") for number in itertools.count(2))
    return next(path for path in itertools.chain([wanted], others) if not path.exists())


def safe(name: str) -> str:
    """A name that any file system takes: what it may not hold is written as %XX."""
    quoted = quote(name, safe=SAFE)
    return f"%2E{quoted[1:]}" if quoted.startswith(".") else quoted


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn an `OSError` of writing below `path` into one clear message."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "the disk is full" if full else (error.strerror or str(error))
        remedy = "free some space, or" if full else "check the folder's permissions, or"
        raise TremorError(
            f"cannot write: {what}", str(path), f"{remedy} choose another output_dir / cache_dir"
        ) from error


@contextmanager
def readable(path: Path, remedy: str, kind: type[TremorError] = TremorError) -> Iterator[None]:
    """Turn whatever the content of a damaged file leads to into one clear message.

    For files that Tremor wrote: one that is not as it was written was changed since.
    """
    try:
        yield
    except TremorError:
        raise
    except Exception as error:
        said = (str(error).splitlines() or [""])[0][:200]
        fault = f"this cannot be read as it was written: {type(error).__name__}: {said}".rstrip(
            ": "
        )
        raise kind(fault, str(path), remedy) from error


@contextmanager
def whole_folder(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """A scratch folder beside `target` that becomes `target` when all went well.

    When another process finished the same folder first, its result stands and ours is dropped,
    unless ours is to `replace` it.
    """
    with told(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        scratch = Path(tempfile.mkdtemp(prefix=_prefix(target), dir=target.parent))
    try:
        with told(target):
            yield scratch
            scratch.chmod(0o755)
            if replace:
                shutil.rmtree(target, ignore_errors=True)
            if not target.exists():
                _rename(scratch, target)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _rename(scratch: Path, target: Path) -> None:
    try:
        scratch.rename(target)
    except OSError:
        if not target.exists():
            raise


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A scratch file beside `path` that becomes `path` when all went well."""
    with told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=_prefix(path), dir=path.parent)
        os.close(handle)
        scratch = Path(name)
        try:
            yield scratch
            scratch.chmod(0o644)
            scratch.replace(path)
        finally:
            scratch.unlink(missing_ok=True)


def write_whole(path: Path, content: str | bytes | memoryview) -> Path:
    """Write a file beside its place, then rename it there."""
    with whole_file(path) as scratch:
        scratch.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def clear_scratch(folder: Path, depth: str = "*") -> list[Path]:
    """Remove what killed processes of this machine left half-written in a folder.

    `depth` is a glob: `**/*` looks in all folders below as well.
    """
    stale = [path for path in folder.glob(depth) if _abandoned(path.name)]
    for path in stale:
        shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
    return stale


def _abandoned(name: str) -> bool:
    """Whether it is the scratch of a process of this machine that is no more."""
    mark = SCRATCH.fullmatch(name)
    return bool(mark and mark["host"] == _host() and not lives(int(mark["process"])))


def _prefix(path: Path) -> str:
    """How the scratch of a file or folder begins, in this process."""
    return f".{path.name}.~{_host()}-{os.getpid()}-"


def _host() -> str:
    return digest(socket.gethostname())[:8]


def write_json(path: Path, value: Any) -> Path:
    """Write plain values as indented JSON; not-a-number is refused, not written."""
    return write_whole(path, json.dumps(value, indent=2, allow_nan=False) + "\n")


def read_exactly(path: Path) -> str:
    """A file of text with the ends of its lines as they are."""
    with path.open(encoding="utf-8", newline="") as file:
        return file.read()


def digest(*parts: str) -> str:
    """A short fingerprint of some texts."""
    joined = "\0".join(parts).encode()
    return hashlib.blake2b(joined, digest_size=16).hexdigest()


def fingerprint(path: Path, memo: Path) -> str:
    """The fingerprint of a file's content, remembered by its size and time of change.

    `memo` is the folder that remembers, so that gigabytes are read once, not at every start.
    """
    status = path.stat()
    key = digest(str(path.resolve()), str(status.st_size), str(status.st_mtime_ns))
    note = memo / key
    if note.exists():
        return note.read_text()
    content = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            content.update(chunk)
    write_whole(note, content.hexdigest())
    return content.hexdigest()


def fingerprints(paths: Sequence[Path], memo: Path) -> list[str]:
    """As `fingerprint`, of each file; those of many are remembered together, by one look at each.

    A folder of 100,000 files is then known again in half a second.
    """
    if len(paths) < MANY:
        return [fingerprint(path, memo) for path in paths]
    states = [(path.absolute(), path.stat()) for path in paths]
    key = digest(*(f"{path} {s.st_size} {s.st_mtime_ns}" for path, s in states))
    note = memo / key
    if note.exists():
        return note.read_text().split()
    found = [fingerprint(path, memo) for path in paths]
    write_whole(note, "\n".join(found))
    return found
