"""What a run's folder holds, read for its page: plain values, `None` where a file is not there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tremor.errors import TremorError

Plain = dict[str, Any]
REMEDY = "evaluate the run again, or delete this file to write the report without it"


@dataclass(frozen=True)
class RunFiles:
    """The files of one run that its page shows."""

    folder: Path
    config: str
    overrides: list[str]
    provenance: Plain
    audit: Plain | None
    verdict: Plain | None

    @classmethod
    def read(cls, folder: Path) -> RunFiles:
        """Read a run folder; what it does not hold (yet) is `None` or empty."""
        return cls(
            folder=folder,
            config=_read(folder / "config.yaml", _text) or "",
            overrides=[str(item) for item in _read(folder / "overrides.yaml", _yaml) or []],
            provenance=_read(folder / "provenance.json", _json) or {},
            audit=_read(folder / "audit.json", _json),
            verdict=_read(folder / "evaluation" / "metrics.json", _json),
        )

    @property
    def name(self) -> str:
        """The experiment's name, or the folder's where no config says one."""
        config = yaml.safe_load(self.config) or {}
        return str(config.get("experiment_name") or self.folder.name)

    def listing(self) -> list[tuple[str, int]]:
        """Every file of the run but hidden ones: path below the folder, size in bytes."""
        found = sorted(path for path in self.folder.rglob("*") if path.is_file())
        inside = [(path.relative_to(self.folder), path.stat().st_size) for path in found]
        shown = [(p, size) for p, size in inside if not any(s.startswith(".") for s in p.parts)]
        return [(path.as_posix(), size) for path, size in shown if path.name != "report.html"]


def read_json(path: Path, remedy: str) -> Any:
    """A JSON file's content, `None` without the file; one that cannot be understood is named."""
    return _read(path, _json, remedy)


def _read(path: Path, reader: Callable[[Path], Any], remedy: str = REMEDY) -> Any:
    """A file's content, `None` without the file; one that cannot be understood is named."""
    if not path.exists():
        return None
    try:
        return reader(path)
    except (ValueError, yaml.YAMLError) as error:
        raise TremorError(
            f"a file of the run cannot be read: {error}",
            str(path),
            remedy,
        ) from error


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _yaml(path: Path) -> Any:
    return yaml.safe_load(_text(path))


def _json(path: Path) -> Any:
    return json.loads(_text(path))
