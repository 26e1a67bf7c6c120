"""Finished runs on disk: what each was asked, what it predicted, which repeat which."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from tremor.config.resolve import leaves, select
from tremor.data.files import digest
from tremor.errors import Refused
from tremor.training.checkpoints import NAMES

Plain = dict[str, Any]
IDLE_TRAINER = (
    "accelerator enable_progress_bar enable_model_summary log_every_n_steps profiler "
    "enable_autolog_hparams model_registry"
)
IDLE = (
    *("seed", "experiment_name", "output_dir", "cache_dir", "resume"),
    *("logger", "evaluation", "report", "callbacks.progress"),
    *("dataset.fold", "dataset.split.fold", "loader.num_workers", "loader.pin_memory"),
    *(f"trainer.{key}" for key in IDLE_TRAINER.split()),
)
"""Keys that do not make another configuration; neither does any key named seed."""
FINISHED = ("config.yaml", "evaluation/predictions.csv", "evaluation/metrics.json")


@dataclass(frozen=True)
class Run:
    """A finished run: its folder, configuration, verdict and predictions."""

    folder: Path
    config: Plain
    verdict: Plain
    predictions: pd.DataFrame

    @classmethod
    def read(cls, folder: Path) -> Run:
        """Read a run folder; a file that cannot be understood is refused by its name."""
        place = folder / "config.yaml"
        try:
            config = yaml.safe_load(place.read_text(encoding="utf-8"))
            place = folder / "evaluation" / "metrics.json"
            verdict = json.loads(place.read_text(encoding="utf-8"))
            place = folder / "evaluation" / "predictions.csv"
            predictions = pd.read_csv(place, dtype={"record_id": str, "group": str})
        except (ValueError, OSError, yaml.YAMLError) as error:
            remedy = "evaluate the run again, or leave it out"
            raise Refused(f"a file of a run cannot be read: {error}", str(place), remedy) from error
        return cls(folder, config, verdict, predictions)

    @property
    def labelled(self) -> bool:
        """Whether classes were predicted; pretraining has none."""
        return "confusion" in self.verdict

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.verdict["classes"])

    @property
    def seed(self) -> int:
        return int(self.config["seed"])

    @property
    def place(self) -> tuple[int, Any]:
        """Seed and fold: runs that share it must judge the same records."""
        return self.seed, select(self.config, "dataset.fold")

    @cached_property
    def settings(self) -> Plain:
        """What makes the configuration: every leaf of the config but those that do not count."""
        kept = ((key, value) for key, value in leaves(self.config) if not _idle(key))
        return {key: _stem(v) if leaf(key) == "pretrained" else v for key, v in kept}

    @cached_property
    def records(self) -> frozenset[tuple[str, str, int]]:
        """What was judged: record, event and label."""
        table = self.predictions
        return frozenset(zip(table["record_id"], table["group"], table["label"], strict=True))

    @cached_property
    def judged(self) -> str:
        """A short name of the judged records."""
        return digest(*map(repr, sorted(self.records)))

    @property
    def repeats(self) -> tuple[str, ...]:
        """What two runs share if one only repeats the other."""
        sources = [v for key, v in leaves(self.config) if leaf(key) == "pretrained"]
        return repr(self.settings), repr(self.place), self.judged, repr(sources)


def leaf(key: str) -> str:
    return key.rpartition(".")[2]


def _idle(key: str) -> bool:
    return leaf(key) == "seed" or any(key == k or key.startswith(f"{k}.") for k in IDLE)


def _stem(path: Any) -> Any:
    """A path of pretrained weights without what only tells the run: numbers, times, file names."""
    if path is None:
        return None
    parts = [p for p in Path(str(path)).parts if p not in (*NAMES, "checkpoints")]
    worded = [re.sub(r"\d+", "", part).strip("-_:./\\ ") for part in parts]
    return next((word for word in reversed(worded) if word), "weights")


@dataclass(frozen=True)
class Found:
    """What lies below some folders: runs to compare, and runs that cannot take part, by why."""

    runs: list[Run]
    unfinished: list[Path]
    unlabelled: list[Path]
    repeated: list[Path]


def find(places: Sequence[Path]) -> Found:
    """Every run below some folders; of repeats of one run the last in order of names counts."""
    folders = sorted({folder.resolve() for place in places for folder in _run_folders(place)})
    ready = [f for f in folders if all((f / name).is_file() for name in FINISHED)]
    read = [Run.read(folder) for folder in ready]
    labelled = [run for run in read if run.labelled]
    last = {run.repeats: run for run in labelled}.values()
    kept = [run for run in labelled if any(run is other for other in last)]
    found = Found(
        runs=kept,
        unfinished=[f for f in folders if f not in ready],
        unlabelled=[run.folder for run in read if not run.labelled],
        repeated=[r.folder for r in labelled if not any(r is other for other in kept)],
    )
    if not kept:
        why = f"{len(found.unfinished)} unfinished, {len(found.unlabelled)} without classes"
        remedy = "give run folders of simple_train.py, or a folder above them"
        raise Refused(f"no finished run to compare ({why})", ", ".join(map(str, places)), remedy)
    return found


def _run_folders(place: Path) -> Iterator[Path]:
    if not place.is_dir():
        raise Refused("no such folder", str(place), "give run folders, or a folder above them")
    yield from (path.parent for path in place.rglob("checkpoints") if path.is_dir())
    predictions = place.rglob("evaluation/predictions.csv")
    yield from (p.parents[1] for p in predictions if (p.parents[1] / "config.yaml").exists())
