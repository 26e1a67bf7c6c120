"""The keys at the root of each door's tree, and what passes between them at build time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tremor.config.build import Plain


@dataclass(frozen=True)
class TrainRoot:
    """The root of `train.yaml`: what a run is, and one mapping for each group."""

    experiment_name: str
    seed: int
    output_dir: str
    cache_dir: str
    resume: str | None
    dataset: Plain
    loader: Plain
    augment: Plain
    encoder: Plain
    model: Plain
    decoder: Plain
    task: Plain
    optimizer: Plain
    scheduler: Plain
    train: Plain
    trainer: Plain
    callbacks: Plain
    logger: Plain
    evaluation: Plain
    report: Plain
    dry_run: bool = False  # trees saved with a run are without these
    sweep: str | None = None
    retry: str | None = None


@dataclass(frozen=True)
class EvaluateRoot:
    """The root of `evaluate.yaml`: which checkpoint is judged, on which part of its split."""

    checkpoint: str
    split: str


@dataclass(frozen=True)
class ExplainRoot:
    """The root of `explain.yaml`: which decisions of which checkpoint are explained, and how."""

    checkpoint: str
    split: str
    select: str
    models: list[str]
    records: list[str]
    max_per_class: int | None
    target: int | str | bool
    audit: bool | None
    figures: bool
    match: list[str]
    seed: int
    explainer: Plain
    run_mode: Plain


PRETRAINED = {"pretrained": str | None, "freeze": bool}

# Keys that Tremor reads beside those of a part's constructor.
EXTRAS: dict[str, dict[str, Any]] = {
    "encoder": PRETRAINED,
    "model": PRETRAINED | {"compile": bool},
}

# Arguments that a door passes when it builds: facts of the data, or objects made before.
RUNTIME: dict[str, tuple[str, ...]] = {
    "dataset.labels": ("table", "classes"),
    "dataset.control": ("labelled",),
    "dataset.split": ("table",),
    "dataset.audit": ("table", "parts", "classes", "multi"),
    "dataset.normalise": ("x", "length"),
    "loader": ("records", "parts", "columns"),
    "augment": (),
    "encoder": ("channels", "length", "sampling_rate"),
    "model": ("in_shape", "device"),
    "decoder": ("in_shape", "channels", "samples"),
    "task": ("network", "normalise", "augment", "optimizer", "scheduler"),
    "optimizer": ("params",),
    "scheduler": ("optimizer", "total_steps"),
    "callbacks.*": ("dirpath", "train_time_interval"),
    "logger.*": ("folder", "about"),
    "trainer": ("callbacks", "logger", "default_root_dir"),
    "evaluation": (
        *("predictions", "classes", "table", "train_table", "validation", "split", "ordered"),
        "features",
    ),
    "explainer.subject": ("task", "data", "device"),
    "explainer.spaces.*": ("task", "data", "device"),
    "explainer.fills.*": ("mean", "records", "seed", "along"),
    "explainer.player_kinds.*": ("axes", "record", "steps", "asked"),
    "explainer.*.fill": ("mean", "records", "seed", "along"),
    "explainer.*.players": ("axes", "record", "steps", "asked"),
    "explainer.*.estimator": ("budget", "seed", "layer"),
    "explainer.*.fusion": ("a", "b", "seed", "asked"),
    "explainer.fusions.*": ("a", "b", "seed", "asked"),
    "report.fan": (
        "waveforms",
        "labels",
        "classes",
        "sampling_rate",
        "channels",
        "lengths",
        "align",
    ),
}
