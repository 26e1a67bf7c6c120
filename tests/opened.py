"""What tests of doors share: the repository, a small world by overrides, the outcome of a door."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

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
