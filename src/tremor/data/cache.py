"""Sources write record sets once, into a cache keyed by their files' content and their settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Protocol

from tremor.data.records import RecordSet
from tremor.data.writer import RecordWriter
from tremor.files import clear_scratch, digest, fingerprints, whole_folder

FORMAT = "5"
NAMED = 3  # files that a refusal names
PLACES = ("paths", "data_dir")  # where files lie does not matter, what is in them does


class Source(Protocol):
    """A dataclass of settings that reads outside files into records."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def channels(self) -> tuple[str, ...]: ...

    @property
    def sampling_rate(self) -> float: ...

    def files(self) -> list[Path]:
        """The outside files whose content decides the records; refuses those that are missing."""
        ...

    def write(self, writer: RecordWriter) -> None:
        """Hand every record to the writer."""
        ...


def key_of(source: Source, cache: Path) -> str:
    """The fingerprint of what a source would write."""
    kinds = [type(thing) for thing in (source, *vars(source).values())]
    kind = " ".join(f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)
    settings = _without_places(asdict(source))  # type: ignore[call-overload]
    paths = source.files()
    marks = fingerprints(paths, cache / "files")
    contents = [path.name + mark for path, mark in zip(paths, marks, strict=True)]
    return digest(FORMAT, kind, json.dumps(settings, sort_keys=True, default=str), *contents)


def _without_places(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings, those of parts too, but for where files lie."""
    return {
        key: _without_places(value) if isinstance(value, dict) else value
        for key, value in settings.items()
        if key not in PLACES
    }


def open_records(
    source: Source, cache_dir: str, tell: Callable[[int], None] = lambda count: None
) -> tuple[RecordSet, bool]:
    """The source's records from the cache, made first if need be; and whether they were made.

    `tell` hears how many there are while they are made.
    """
    cache = Path(cache_dir).expanduser()
    key = key_of(source, cache)
    folder = cache / "records" / key
    made = not folder.exists()
    if made:
        clear_scratch(folder.parent)
        with whole_folder(folder) as scratch:
            _write(source, scratch, key, tell)
    return RecordSet.open(folder), made


def _write(source: Source, folder: Path, key: str, tell: Callable[[int], None]) -> None:
    where = _named(source.files()) or type(source).__name__
    with RecordWriter(folder, tuple(source.channels), source.sampling_rate, tell) as writer:
        source.write(writer)
        writer.finish(key, where)


def _named(paths: list[Path]) -> str:
    """The first files by name, and how many more there are."""
    names = ", ".join(str(path) for path in paths[:NAMED])
    return f"{names} and {len(paths) - NAMED} more" if len(paths) > NAMED else names
