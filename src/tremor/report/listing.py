"""What lies below an outputs folder: its runs, each in a line, and the pages over several runs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import unescape
from pathlib import Path
from typing import Any

import yaml

from tremor.errors import TremorError
from tremor.evaluation.fold_scores import main_of
from tremor.files import readable
from tremor.report import tables
from tremor.report.files import read_json
from tremor.report.run_state import State
from tremor.training.sweep_folder import TRACEBACK

CONFIG = "config.yaml"
BESIDE = "comparisons"
"""The folder beside the outputs where pages over several runs are written."""
STAMP = re.compile(r"(\d{4}-\d\d-\d\d)__(\d\d)_(\d\d)_(\d\d)")
NAME = re.compile(r"^experiment_name: *(.+)$", re.MULTILINE)
TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
OURS = " · Tremor"
HEAD = 1 << 13  # characters of a page in which its title stands
REMEDY = "evaluate the run again, or move its folder away"
ORDER = ("failed", "stopped", "running", "pruned", "done")


@dataclass(frozen=True)
class Link:
    """A page or file, by its path from the index."""

    name: str
    path: str


@dataclass(frozen=True)
class Listed:
    """A run in a line; what is not known of it is empty."""

    run: Link
    experiment: str
    when: str
    state: State
    overrides: list[str] = field(default_factory=list)
    score: str = ""
    value: float | None = None
    interval: str = ""
    chance: str = ""
    verdict: str = ""
    good: bool = True
    pages: list[Link] = field(default_factory=list)
    fault: str = ""

    @property
    def rank(self) -> int:
        """Where its state is in order: what needs someone comes first."""
        return ORDER.index(self.state.name)


@dataclass(frozen=True)
class Found:
    """The runs, the latest first, and pages that are of several of them."""

    runs: list[Listed]
    pages: list[Link]

    def count(self, state: str) -> int:
        return sum(run.state.name == state for run in self.runs)


def found(outputs: Path) -> Found:
    """Everything below a folder, and the comparisons beside it."""
    runs, pages = [], []
    beside = outputs.resolve().parent / BESIDE
    for root in (outputs, *([beside] if beside.is_dir() else [])):
        for folder, names, files in os.walk(root):
            place = Path(folder)
            if CONFIG in files and "checkpoints" in names:
                runs.append(place)
                names.clear()
                continue
            names[:] = sorted(name for name in names if not name.startswith("."))
            pages += [place / name for name in sorted(files) if name.endswith(".html")]
    own = outputs / "index.html"
    listed = sorted((_listed(run, outputs) for run in runs), key=lambda one: one.when, reverse=True)
    return Found(listed, [_page(page, outputs) for page in pages if page != own])


def _listed(run: Path, outputs: Path) -> Listed:
    """A run's line; a file that cannot be read is told there, and spoils no other line."""
    config = (run / CONFIG).read_text(encoding="utf-8", errors="replace")
    known: dict[str, Any] = {
        "run": Link(str(run.relative_to(outputs)), _path(run / "report.html", outputs)),
        "experiment": _name(config) or run.name,
        "when": _when(run),
    }
    if not (run / "report.html").exists():
        known["run"] = Link(known["run"].name, "")
    try:
        told = dict(_verdict(read_json(run / "evaluation" / "metrics.json", REMEDY)))
        return Listed(
            **known,
            **told,
            state=State.of(run),
            overrides=_overrides(run / "overrides.yaml"),
            pages=list(_pages(run, outputs)),
        )
    except Exception as error:
        said = error.problem if isinstance(error, TremorError) else repr(error)
        place = error.where if isinstance(error, TremorError) else str(run)
        return Listed(**known, state=State("stopped"), fault=f"cannot be read: {place}: {said}")


def _verdict(verdict: Mapping[str, Any] | None) -> Iterator[tuple[str, Any]]:
    """The main score with its interval and chance, and what is said first."""
    if verdict is None:
        return
    sentences = verdict.get("verdict") or [""]
    yield "verdict", str(sentences[0])
    yield "good", not tables.unbeaten(str(sentences[0]))
    groups = tables.by_head(verdict["metrics"])
    if not groups:
        return
    head, metrics = next(iter(groups.items()))
    main = main_of(dict(verdict))
    name = main if main in metrics else next(iter(metrics))
    score = metrics[name]
    yield "score", tables.LABELS.get(name, name) + (f" · {head}" if head else "")
    yield "value", None if score["value"] is None else float(score["value"])
    yield "interval", tables.interval(score)
    yield "chance", tables.number(score.get("chance"))


def _pages(run: Path, outputs: Path) -> Iterator[Link]:
    """What else can be opened of a run."""
    if (run / TRACEBACK).exists():
        yield Link("traceback", _path(run / TRACEBACK, outputs))
    for page in sorted((run / "explanations").glob("*/*.html")):
        yield Link(f"{page.stem} {page.parent.name}", _path(page, outputs))


def _page(page: Path, outputs: Path) -> Link:
    """A page by its title, or by its path where it has none."""
    with page.open(encoding="utf-8", errors="replace") as file:
        title = TITLE.search(file.read(HEAD))
    path = _path(page, outputs)
    return Link(unescape(title.group(1)).strip().removesuffix(OURS) if title else path, path)


def _path(path: Path, outputs: Path) -> str:
    return Path(os.path.relpath(path, outputs)).as_posix()


def _name(config: str) -> str:
    """The experiment's name, without reading all of a config."""
    line = NAME.search(config)
    try:
        return str(yaml.safe_load(line.group(1))) if line else ""
    except yaml.YAMLError:
        return line.group(1) if line else ""


def _overrides(path: Path) -> list[str]:
    """What was typed; a list of words."""
    if not path.exists():
        return []
    with readable(path, REMEDY):
        return [str(word) for word in yaml.safe_load(path.read_text(encoding="utf-8")) or []]


def _when(run: Path) -> str:
    """When it began: by the folder's name, or else by its config."""
    stamps = [STAMP.match(part) for part in run.parts]
    known = [stamp for stamp in stamps if stamp]
    if known:
        day, *clock = known[-1].groups()
        return f"{day} {':'.join(clock)}"
    return datetime.fromtimestamp((run / CONFIG).stat().st_mtime).strftime("%Y-%m-%d %H:%M:%S")
