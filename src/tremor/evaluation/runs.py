"""Finished runs on disk: what each was asked, what it predicted, which repeat which."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from tremor.config.resolve import leaves, select
from tremor.config.rules_split import FOLDED
from tremor.errors import Refused
from tremor.evaluation.predictions import of_heads, of_one, of_several, table_of
from tremor.evaluation.verdict_shape import look_at
from tremor.files import digest, read_exactly, readable

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
            _ = run.settings, hash(run.place), run.control, run.sources
            _ = percent_of_labels(config)
        return run

    @classmethod
    def judged_at(cls, folder: Path, config: Plain, place: Path) -> Run:
        """A run as it was judged at another place than its own, with other settings or records."""
        path, table = place / "metrics.json", place / "predictions.csv"
        with readable(path, AGAIN, Refused):
            verdict = json.loads(path.read_text(encoding="utf-8"))
            run = cls(folder, config, verdict, pd.DataFrame())
            _ = run.labelled and (run.heads or run.classes) and run.scores
            asked = look_at(verdict) if run.labelled else {}
        with readable(table, AGAIN, Refused):
            text = read_exactly(table)
            if verdict.get("predictions", digest(text)) != digest(text):
                fault = "metrics.json beside it judges other predictions than these"
                raise Refused(fault, str(table), AGAIN)
            read = table_of(text)
        if run.heads:
            read = of_heads(read, table, asked)
        elif run.several:
            read = of_several(read, table, run.classes)
        elif run.labelled:
            read = of_one(read, table, run.classes)
        run = replace(run, predictions=read)
        with readable(table, AGAIN, Refused):
            _ = run.labelled and not run.heads and run.records
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


def percent_of_labels(config: Plain) -> float | None:
    """The training share in % of what validation and test leave, of runs that have one."""
    if "train_frac" not in config["dataset"]:
        return None
    whole, share = whole_share(config), config["dataset"]["train_frac"]
    return 100.0 if share is None else round(min(100 * share / whole, 100.0), 4)


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
