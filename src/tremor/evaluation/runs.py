"""Finished runs on disk: what each was asked, what it predicted, which repeat which."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from tremor.config.resolve import leaves, select
from tremor.config.rules import FOLDED
from tremor.errors import Refused
from tremor.evaluation.predictions import refuse_foreign
from tremor.files import digest, readable

Plain = dict[str, Any]
IDLE_TRAINER = (
    "accelerator enable_progress_bar enable_model_summary log_every_n_steps profiler "
    "enable_autolog_hparams model_registry"
)
IDLE = (
    *("seed", "experiment_name", "output_dir", "cache_dir", "resume"),
    *("logger", "evaluation", "report", "callbacks.progress"),
    *("dataset.fold", "dataset.split.fold", "dataset.labels.shuffle_seed"),
    *("loader.num_workers", "loader.pin_memory"),
    *(f"trainer.{key}" for key in IDLE_TRAINER.split()),
)
"""Keys that do not make another configuration; neither does any key named seed."""
CONTROLS = {
    "dataset.keep=noise": ("dataset.keep", "noise"),
    "dataset.shuffle_labels=true": ("dataset.shuffle_labels", True),
}
OF_CONTROLS = (
    *("dataset.keep", "loader.keep"),
    *("dataset.shuffle_labels", "dataset.control.shuffle", "dataset.labels.shuffle"),
)
SHARES = ("dataset.train_frac", "dataset.split.train_frac")
STAMP = re.compile(r"[-_/]?\d{4}-\d\d-\d\d__\d\d_\d\d_\d\d(_\d+)?(/\d+)?(?=/|$)")
"""The time in a run's path, with the numbers of runs in one second and of a sweep's jobs."""
SEED = re.compile(r"[-_/]?seed[-_=]?\d+$")
AGAIN = "evaluate the run again, or leave it out"
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
        with readable(place, AGAIN, Refused):
            config = yaml.safe_load(place.read_text(encoding="utf-8"))
        run = cls.judged_at(folder, config, folder / "evaluation")
        with readable(place, AGAIN, Refused):
            _ = run.settings, run.place, run.control, run.sources
            _ = "train_frac" in config["dataset"] and whole_share(config)
        return run

    @classmethod
    def judged_at(cls, folder: Path, config: Plain, place: Path) -> Run:
        """A run as it was judged at another place than its own, with other settings or records."""
        path, table = place / "metrics.json", place / "predictions.csv"
        with readable(path, AGAIN, Refused):
            verdict = json.loads(path.read_text(encoding="utf-8"))
            run = cls(folder, config, verdict, pd.DataFrame())
            _ = run.labelled and (run.heads or run.classes) and run.scores
        with readable(table, AGAIN, Refused):
            kinds = {"record_id": str, "group": str}
            run = replace(run, predictions=pd.read_csv(table, dtype=kinds, index_col=False))
            if run.labelled and not run.heads:
                _ = run.records
            if run.labelled and not run.heads and not run.several:
                refuse_foreign(run.predictions, table, run.classes)
        return run

    @property
    def labelled(self) -> bool:
        """Whether classes were predicted; pretraining has none."""
        return "confusion" in self.verdict or self.several or bool(self.heads)

    @property
    def several(self) -> bool:
        """Whether a record may have several classes at once."""
        return "called" in self.verdict

    @property
    def heads(self) -> tuple[str, ...]:
        """The questions that were asked of each record, where there were several."""
        return tuple(self.verdict.get("heads", {}))

    def of_head(self, head: str) -> Run:
        """What this run says of one of its heads, as a run that was asked nothing else."""
        if head not in self.heads:
            said = ", ".join(self.heads) or "one question alone"
            fault = f"this run has no head {head} ({said})"
            raise Refused(fault, str(self.folder), "another --head, or leave it out")
        verdict = self.verdict["heads"][head]
        own = {f"label_{head}": "label", f"predicted_{head}": "predicted"}
        own |= {f"p_{head}_{name}": f"p_{name}" for name in verdict["classes"]}
        columns = self.predictions[["record_id", "group", *own]].rename(columns=own)
        known = columns[columns["label"] >= 0].reset_index(drop=True)
        return replace(self, verdict=verdict, predictions=known)

    @property
    def classes(self) -> tuple[str, ...]:
        return tuple(self.verdict["classes"])

    @property
    def control(self) -> str:
        """What keeps it from learning of the earthquake, as one would type it; else nothing."""
        texts = CONTROLS.items()
        return " ".join(text for text, (key, value) in texts if select(self.config, key) == value)

    @property
    def scores(self) -> Plain:
        """Every metric of the verdict; those of ordered classes where classes are ordered."""
        return {**self.verdict["metrics"], **self.verdict.get("ordinal", {})}

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
        found = {key: _stem(v) if _names_weights(key, v) else v for key, v in kept}
        return found | {k: whole_share(self.config) for k in SHARES if found.get(k, 0) is None}

    @property
    def naming(self) -> Plain:
        """The settings that may name it; what makes a control is said by itself."""
        return {key: value for key, value in self.settings.items() if key not in OF_CONTROLS}

    @property
    def sources(self) -> tuple[str, ...]:
        """The pretraining runs whose weights it started from."""
        found = (_run_of(v) for key, v in leaves(self.config) if _names_weights(key, v))
        return tuple(dict.fromkeys(found))

    @cached_property
    def records(self) -> frozenset[tuple[Any, ...]]:
        """What was judged: record, event and label, or the labels of all classes."""
        told = [f"label_{name}" for name in self.classes] if self.several else ["label"]
        columns = self.predictions[["record_id", "group", *told]]
        return frozenset(columns.itertuples(index=False, name=None))

    @cached_property
    def judged(self) -> str:
        """A short name of the judged records."""
        return digest(*map(repr, sorted(self.records)))

    @property
    def repeats(self) -> tuple[str, ...]:
        """What two runs share if one only repeats the other."""
        return repr(self.settings), repr(self.place), self.judged, repr(self.sources)


def whole_share(config: Plain) -> float:
    """What validation and test leave to train on, which `train_frac: null` takes."""
    data = config["dataset"]
    tested = 0.0 if data["event_split_method"] in FOLDED else data["test_ratio"]
    return float(round(1 - data["val_ratio"] - tested, 9))


def leaf(key: str) -> str:
    """The last word of a dotted key."""
    return key.rpartition(".")[2]


def _idle(key: str) -> bool:
    return leaf(key) == "seed" or any(key == k or key.startswith(f"{k}.") for k in IDLE)


def _names_weights(key: str, value: Any) -> bool:
    return leaf(key) == "pretrained" and value is not None


def _run_of(path: Any) -> str:
    """The run that a path of weights names, by its folder where these are its best ones."""
    parts = Path(str(path)).parts
    named = [part for part in parts if part not in ("best.ckpt", "checkpoints")]
    return Path(*named).as_posix()


def _stem(path: Any) -> str:
    """A path of weights without what tells repeats of one pretraining apart: time, job, seed."""
    run = _run_of(path)
    stem = SEED.sub("", STAMP.sub("", run))
    return stem if stem.strip("/") else run


@dataclass(frozen=True)
class Found:
    """What lies below some folders: runs to compare, and runs that cannot take part, by why."""

    runs: list[Run]
    unfinished: list[Path]
    unlabelled: list[Path]
    repeated: list[Path]


def single(run: Run) -> Run:
    """A run that was asked one question; one of several heads is refused."""
    if run.heads:
        heads = ", ".join(run.heads)
        remedy = f"scripts/compare.py --head {run.heads[0]}, or leave it out"
        raise Refused(f"this run answers several questions ({heads})", str(run.folder), remedy)
    return run


def find(places: Sequence[Path], view: Callable[[Run], Run] = single) -> Found:
    """Every run below some folders; of repeats of one run the last in order of names counts.

    `view` is what of each run is looked at.
    """
    folders = sorted({folder.resolve() for place in places for folder in _run_folders(place)})
    ready = [f for f in folders if all((f / name).is_file() for name in FINISHED)]
    read = [Run.read(folder) for folder in ready]
    labelled = [view(run) for run in read if run.labelled]
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
