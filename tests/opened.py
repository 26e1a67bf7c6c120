"""What tests of doors share: the repository, a small world by overrides, the outcome of a door."""

from __future__ import annotations

import importlib.util
import os
import runpy
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hydra.core.global_hydra import GlobalHydra
from matplotlib.figure import Figure

from tremor.doors.shell import FAILURES

ROOT = Path(__file__).parents[1]
TONES = [
    "dataset.records._target_=worlds.Tones",
    *(f"~dataset.{key}" for key in ("records.world", "n_events", "effect_size", "world_seed")),
    "evaluation.draws=50",
    "evaluation.permutations=20",
    "trainer.max_epochs=2",
    "dataset.batch_size=8",
]


@dataclass(frozen=True)
class Outcome:
    """How a door ended."""

    code: int
    out: str
    err: str


Door = Callable[..., Outcome]
DRAWN = Figure.savefig


def enter(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Make a folder the working folder, where sources of tests may be named."""
    patch.setenv("TREMOR_ALLOW", "worlds")
    patch.setenv("HYDRA_FULL_ERROR", "0")
    patch.chdir(folder)


def opened(patch: pytest.MonkeyPatch, script: str, *overrides: str) -> int:
    """Open a door in this process (torch is imported once); returns its exit code."""
    patch.setattr(sys, "argv", [script, *overrides])
    FAILURES.clear()
    GlobalHydra.instance().clear()
    try:
        runpy.run_path(str(ROOT / script), run_name="__main__")
    except SystemExit as end:
        return int(end.code or 0)
    finally:
        os.environ["HYDRA_FULL_ERROR"] = "0"
    return 0


def finished(home: Path, *commands: list[str], allow: str = "worlds") -> Path:
    """A folder after commands of doors in it, with a cache of its own."""
    for words in commands:
        with pytest.MonkeyPatch.context() as patch:
            enter(home, patch)
            patch.setenv("TREMOR_ALLOW", allow)
            patch.setenv("TREMOR_CACHE_DIR", str(home / "cache"))
            assert opened(patch, *words) == 0, words
    return home


def leave_blank(patch: pytest.MonkeyPatch) -> None:
    """Figures are made in full and saved blank."""

    def saved(figure: Figure, *given: Any, **settings: Any) -> None:
        DRAWN(Figure(figure.get_size_inches()), *given, **settings)

    patch.setattr(Figure, "savefig", saved)


def only_run(folder: Path) -> Path:
    """The one run folder below an output folder."""
    (run,) = [path.parent for path in folder.glob("**/checkpoints")]
    return run


def load_script(name: str) -> ModuleType:
    """A file of `scripts/` as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
