"""What tests of doors share: the repository, a small world by overrides, the outcome of a door."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

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
